import type { Address } from "../../address/address.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { State } from "../../persistable/declare/state.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import { eachPersistable } from "../../persistable/draws-of.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { Store } from "../../store/store.ts";
import type { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import type { ExistenceCheck } from "./existence-check.ts";
import type { Targets } from "./plan-graph.ts";

/** Targets and everything upstream, each address of each store once, dependencies first. */
export interface WalkedGraph {
  readonly states: readonly State[];
  readonly targets: readonly AnyPersistable[];
  /** The nodes of the targets; a node may occur more than once. */
  readonly targetNodes: readonly number[];
  readonly forcedNodes: readonly number[];
  readonly dependencyStart: readonly number[];
  readonly dependencies: readonly number[];
}

/**
 * Walks a graph of any depth: it has its own stack instead of recursion.
 *
 * @throws {@link DefinitionError} if something is not a persistable; a StoreError if a store cannot
 * tell which records exist; the signal's reason
 */
export async function walkTargets(
  targets: Targets,
  force: Iterable<AnyPersistable>,
  pauseTimer: PauseTimer,
  check: ExistenceCheck,
): Promise<WalkedGraph> {
  const walk = new Walk(check);
  const wanted: AnyPersistable[] = [];
  const targetNodes: number[] = [];
  const forcedNodes: number[] = [];
  for (const target of eachPersistable(targets)) {
    wanted.push(target);
    targetNodes.push(walk.begin(stateOf(target, "A target of a plan")) ?? (await walk.end(pauseTimer)));
    if (pauseTimer.isDue()) await pauseTimer.pause();
  }
  for (const persistable of force)
    forcedNodes.push(walk.begin(stateOf(persistable, "What a plan is to force")) ?? (await walk.end(pauseTimer)));
  const { states, dependencyStart, dependencies } = walk;
  return { states, targets: wanted, targetNodes, forcedNodes, dependencyStart, dependencies };
}

/**
 * Reads each state only once, when the walk meets it, and keeps on the stack what is needed later:
 * a hundred thousand states do not fit into the caches of a processor.
 */
class Walk {
  readonly states: State[] = [];
  readonly dependencyStart: number[] = [0];
  readonly dependencies: number[] = [];
  readonly #check: ExistenceCheck;
  readonly #indexes = new Map<string, Map<string, number>>();
  #store: Store | undefined;
  #indexOfStore = new Map<string, number>();
  readonly #stack: Frame[] = [];
  /** Dependency nodes of the states on the stack, those of the top last. */
  readonly #edges: number[] = [];
  /** For each node, the dependent that named it last: a dependent counts each dependency once. */
  readonly #namedBy: number[] = [];

  constructor(check: ExistenceCheck) {
    this.#check = check;
  }

  /**
   * Returns the node of a state that was walked before or has no dependencies. Any other state is
   * put on the stack.
   */
  begin(state: State): number | undefined {
    const { recipe, dependencyStates } = state;
    const { address } = recipe;
    const index = this.#indexFor(state);
    const known = index.get(address);
    if (known !== undefined) return known;
    if (dependencyStates.length === 0) return this.#number(state, address, index);
    this.#stack.push({ state, address, index, dependencyStates, cursor: 0, firstEdge: this.#edges.length });
    return undefined;
  }

  /** Walks until the stack is empty, and returns the node of the state at its bottom. */
  end(pauseTimer: PauseTimer): number | Promise<number> {
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      this.#step(top);
      if (pauseTimer.isDue()) return pauseTimer.pause().then(() => this.end(pauseTimer));
    }
    this.#edges.length = 0;
    return this.states.length - 1;
  }

  #step(top: Frame): void {
    const dependency = top.dependencyStates[top.cursor];
    top.cursor += 1;
    // A family has no payload of its own: its dependents ask it for what they need.
    if (dependency?.declaration.isFamily === true) return;
    const node = dependency === undefined ? this.#finish(top) : this.begin(dependency);
    if (node !== undefined) this.#edges.push(node);
  }

  #finish({ state, address, index, firstEdge }: Frame): number {
    this.#stack.pop();
    const node = this.states.length;
    for (const dependency of this.#edges.splice(firstEdge)) {
      if (this.#namedBy[dependency] === node) continue;
      this.#namedBy[dependency] = node;
      this.dependencies.push(dependency);
    }
    return this.#number(state, address, index);
  }

  #number(state: State, address: Address, index: Map<string, number>): number {
    const node = this.states.push(state) - 1;
    index.set(address, node);
    this.dependencyStart.push(this.dependencies.length);
    this.#namedBy.push(-1);
    this.#check.add(state);
    return node;
  }

  /** Remembers the last store, because the next state is nearly always in the same one. */
  #indexFor(state: State): Map<string, number> {
    const { store } = state.surroundings;
    if (store !== this.#store) {
      this.#store = store;
      this.#indexOfStore = this.#indexes.get(store.url) ?? new Map();
      this.#indexes.set(store.url, this.#indexOfStore);
    }
    return this.#indexOfStore;
  }
}

interface Frame {
  readonly state: State;
  readonly address: Address;
  readonly index: Map<string, number>;
  readonly dependencyStates: readonly State[];
  cursor: number;
  readonly firstEdge: number;
}
