import type { Address } from "../../address/address.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { State } from "../../persistable/declare/state.ts";
import { eachPersistable } from "../../persistable/each-persistable.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { Store } from "../../store/store.ts";
import { stateOf } from "../state-of.ts";
import type { Breather } from "../yield-turns.ts";
import type { ExistenceCheck } from "./existence-check.ts";
import type { Targets } from "./plan-graph.ts";

/** Everything that targets are made from, each address of each store once, dependencies first. */
export interface WalkedGraph {
  readonly states: readonly State[];
  readonly targets: readonly AnyPersistable[];
  /** The nodes of the targets, and of what is forced; a node may stand here more than once. */
  readonly targetNodes: readonly number[];
  readonly forcedNodes: readonly number[];
  readonly dependencyStart: readonly number[];
  readonly dependencies: readonly number[];
}

/**
 * A graph as deep as it likes: what is being walked lies on a stack of our own.
 *
 * @throws {@link DefinitionError} for what is no persistable; a StoreError where a store cannot tell what is there; the signal's reason
 */
export async function walkTargets(
  targets: Targets,
  force: Iterable<AnyPersistable>,
  breather: Breather,
  check: ExistenceCheck,
): Promise<WalkedGraph> {
  const walk = new Walk(check);
  const wanted: AnyPersistable[] = [];
  const targetNodes: number[] = [];
  const forcedNodes: number[] = [];
  for (const target of eachPersistable(targets)) {
    wanted.push(target);
    targetNodes.push(walk.begin(stateOf(target, "A target of a plan")) ?? (await walk.end(breather)));
    if (breather.isDue()) await breather.pause();
  }
  for (const persistable of force)
    forcedNodes.push(walk.begin(stateOf(persistable, "What a plan is to force")) ?? (await walk.end(breather)));
  const { states, dependencyStart, dependencies } = walk;
  return { states, targets: wanted, targetNodes, forcedNodes, dependencyStart, dependencies };
}

/**
 * Each state is looked at once, when it is met: a hundred thousand of them do not fit into the caches of a processor. What is needed of it later lies
 * on the stack.
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
  /** Nodes that the states on the stack are made from, those of the top last. */
  readonly #edges: number[] = [];
  /** For each node the last one that named it as a dependency. */
  readonly #namedBy: number[] = [];

  constructor(check: ExistenceCheck) {
    this.#check = check;
  }

  /** The node of a state that was walked already, or is made from nothing; otherwise it is the next to be walked. */
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

  /** Walks on until what was begun first is walked, and gives its node. */
  end(breather: Breather): number | Promise<number> {
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      this.#step(top);
      if (breather.isDue()) return breather.pause().then(() => this.end(breather));
    }
    this.#edges.length = 0;
    return this.states.length - 1;
  }

  #step(top: Frame): void {
    const dependency = top.dependencyStates[top.cursor];
    top.cursor += 1;
    const node = dependency === undefined ? this.#finish(top) : this.begin(dependency);
    if (node !== undefined) this.#edges.push(node);
  }

  #finish({ state, address, index, firstEdge }: Frame): number {
    this.#stack.pop();
    const node = this.states.length;
    for (let edge = firstEdge; edge < this.#edges.length; edge++) {
      const dependency = this.#edges[edge] as number;
      if (this.#namedBy[dependency] === node) continue;
      this.#namedBy[dependency] = node;
      this.dependencies.push(dependency);
    }
    this.#edges.length = firstEdge;
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

  /** Nearly always the same store as before. */
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
