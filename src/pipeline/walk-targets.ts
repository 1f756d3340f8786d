import { DefinitionError } from "../errors/persistable-errors.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { type State, stateKey } from "../persistable/state.ts";
import type { Store } from "../store/store.ts";
import type { Breather } from "./breather.ts";
import type { Targets } from "./plan-graph.ts";

/** Everything that targets are made from, each address of each store once, dependencies first. */
export interface WalkedGraph {
  readonly states: State[];
  readonly targets: AnyPersistable[];
  /** The nodes of the targets, and of what is forced; a node may stand here more than once. */
  readonly targetNodes: number[];
  readonly forcedNodes: number[];
  readonly dependencyStart: number[];
  readonly dependencies: number[];
}

/** A graph as deep as it likes: what is being walked lies on a stack of our own. */
export async function walkTargets(
  targets: Targets,
  force: Iterable<AnyPersistable>,
  breather: Breather,
): Promise<WalkedGraph> {
  const walk = new Walk();
  const graph: WalkedGraph = { ...walk.graph, targets: [], targetNodes: [], forcedNodes: [] };
  const reach = async (persistable: AnyPersistable, what: string): Promise<number> => {
    const state = stateOf(persistable, what);
    walk.begin(state);
    do {
      if (breather.isDue()) await breather.pause();
    } while (walk.step());
    return walk.nodeOf(state) as number;
  };
  for (const target of stateKey in targets ? [targets as AnyPersistable] : (targets as Iterable<AnyPersistable>)) {
    graph.targets.push(target);
    graph.targetNodes.push(await reach(target, "A target of a plan"));
  }
  for (const persistable of force) graph.forcedNodes.push(await reach(persistable, "What a plan is to force"));
  return graph;
}

class Walk {
  readonly graph = { states: [] as State[], dependencyStart: [0], dependencies: [] as number[] };
  readonly #indexes = new Map<string, Map<string, number>>();
  #store: Store | undefined;
  #indexOfStore = new Map<string, number>();
  readonly #stack: State[] = [];
  /** For each state on the stack, which of its dependencies is next. */
  readonly #cursors: number[] = [];
  /** For each node the last one that named it as a dependency. */
  readonly #namedBy: number[] = [];

  begin(state: State): void {
    if (this.nodeOf(state) !== undefined) return;
    this.#stack.push(state);
    this.#cursors.push(0);
  }

  /** `false` when everything is walked that was begun. */
  step(): boolean {
    const top = this.#stack.length - 1;
    const state = this.#stack[top];
    if (state === undefined) return false;
    const cursor = this.#cursors[top] as number;
    const dependency = state.dependencyStates[cursor];
    if (dependency === undefined) {
      this.#finish(state);
      return top > 0;
    }
    this.#cursors[top] = cursor + 1;
    this.begin(dependency);
    return true;
  }

  nodeOf(state: State): number | undefined {
    return this.#indexFor(state).get(state.node.address);
  }

  #finish(state: State): void {
    this.#stack.pop();
    this.#cursors.pop();
    const { states, dependencies, dependencyStart } = this.graph;
    const node = states.length;
    this.#indexFor(state).set(state.node.address, node);
    states.push(state);
    this.#namedBy.push(-1);
    for (const dependency of state.dependencyStates) {
      const index = this.nodeOf(dependency) as number;
      if (this.#namedBy[index] === node) continue;
      this.#namedBy[index] = node;
      dependencies.push(index);
    }
    dependencyStart.push(dependencies.length);
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

function stateOf(persistable: AnyPersistable, what: string): State {
  const state =
    typeof persistable === "object" && persistable !== null
      ? (persistable as { readonly [stateKey]?: State })[stateKey]
      : undefined;
  if (state === undefined)
    throw new DefinitionError(
      `${what} is no persistable of this copy of persistable-ts: ${typeof persistable}. Give what a definition or a class that extends Persistable has built.`,
    );
  return state;
}
