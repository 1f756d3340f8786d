import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { Graph } from "../../src/pipeline/graph.ts";
import { schedule } from "../../src/runner/schedule/schedule.ts";
import { NodeOutcome, type Place, type ScheduleOptions } from "../../src/runner/schedule/schedule-options.ts";

/** A graph from a list of dependencies for each node. */
export function graphOf(dependencies: readonly (readonly number[])[]): Graph {
  const start = [0];
  for (const own of dependencies) start.push((start.at(-1) ?? 0) + own.length);
  return Graph.fromLists(start, dependencies.flat());
}

/** Runs a schedule, and returns the order in which its nodes began. */
export async function orderOf(
  dependencies: readonly (readonly number[])[],
  options: Omit<ScheduleOptions, "execute">,
): Promise<number[]> {
  const order: number[] = [];
  await schedule(graphOf(dependencies), {
    ...options,
    execute: async (node) => {
      order.push(node);
      await setImmediate();
    },
  });
  return order;
}

/** Nodes that depend on nothing. */
export const independent = (count: number): readonly (readonly number[])[] => Array.from({ length: count }, () => []);

/** The behavior of one node of a trial. */
export interface TrialNode {
  readonly dependencies: readonly number[];
  readonly isDone: boolean;
  readonly fails: boolean;
  /** `sync` returns nothing, `micro` and `macro` a promise. */
  readonly kind: "sync" | "micro" | "macro";
  /** How often it gives its place back and takes one again, where it returns a promise. */
  readonly returns: number;
  readonly weights: Readonly<Record<string, number>> | undefined;
  readonly priority: number;
}

export interface Trial {
  readonly nodes: readonly TrialNode[];
  readonly concurrency: number;
  readonly pools: Readonly<Record<string, number>>;
  readonly onFailure: "stop" | "independent" | "everything";
  readonly hasPriority: boolean;
  /** The trial is aborted when this many nodes have begun; never if there are fewer. */
  readonly abortAfter: number;
}

const capacities = { a: 2, b: 3, c: 1 };

const weightsArbitrary = fc.record(
  {
    a: fc.constantFrom(0, 0.5, 1, 2),
    b: fc.constantFrom(0.1, 1, 2, 3),
    c: fc.constant(1),
    unlimited: fc.constant(7),
  },
  { requiredKeys: [] },
);

const nodeArbitrary = fc.record({
  // Shares of the way to the node itself, so that what shrinks stays without circles.
  dependencies: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 4 }),
  isDone: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 9),
  fails: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 9),
  kind: fc.constantFrom("sync" as const, "micro" as const, "macro" as const),
  returns: fc.constantFrom(0, 0, 0, 1, 2),
  weights: fc.option(weightsArbitrary, { nil: undefined }),
  priority: fc.constantFrom(0, 1, 2, Number.NaN),
});

export const trialArbitrary: fc.Arbitrary<Trial> = fc
  .record({
    drafts: fc.array(nodeArbitrary, { maxLength: 40 }),
    isReversed: fc.boolean(),
    concurrency: fc.constantFrom(1, 2, 3, 8, Number.POSITIVE_INFINITY),
    onFailure: fc.constantFrom("stop" as const, "independent" as const, "everything" as const),
    hasPriority: fc.boolean(),
    abortAfter: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(40)),
  })
  .map(({ drafts, isReversed, ...rest }) => {
    const last = drafts.length - 1;
    // Where nodes are numbered backwards, no node stands after what it depends on.
    const numberOf = (index: number) => (isReversed ? last - index : index);
    const nodes = drafts.map((draft, index): TrialNode => {
      const dependencies = index === 0 ? [] : draft.dependencies.map((share) => numberOf(Math.floor(share * index)));
      return { ...draft, dependencies };
    });
    return { ...rest, nodes: isReversed ? nodes.reverse() : nodes, pools: capacities };
  });

/** The observations of a trial. */
export interface TrialReport {
  readonly state: Uint8Array;
  readonly begun: readonly number[];
  readonly done: readonly number[];
  readonly failed: readonly number[];
  readonly skipped: ReadonlyMap<number, number>;
  /** All breaches of the schedule's promises. */
  readonly problems: readonly string[];
}

/** Runs a trial, and watches it from within. */
export async function runTrial(trial: Trial): Promise<TrialReport> {
  const watch = new Watch(trial);
  const { nodes, concurrency, pools, onFailure } = trial;
  const options: ScheduleOptions = {
    concurrency,
    pools,
    onFailure,
    signal: watch.abort.signal,
    done: Uint8Array.from(nodes, ({ isDone }) => (isDone ? 1 : 0)),
    poolsOf: (node) => nodes[node]?.weights,
    execute: (node, place) => watch.execute(node, place),
    onDone: (node) => watch.done.push(node),
    onFailed: (node) => watch.failed.push(node),
    onSkipped: (node, because) => watch.skipped.set(node, because),
    ...(trial.hasPriority ? { priority: Float64Array.from(nodes, ({ priority }) => priority) } : {}),
  };
  const { state } = await schedule(graphOf(nodes.map(({ dependencies }) => dependencies)), options);
  if (watch.inside !== 0) watch.problems.push(`${watch.inside} still ran at the end`);
  return {
    state,
    begun: watch.begun,
    done: watch.done,
    failed: watch.failed,
    skipped: watch.skipped,
    problems: watch.problems,
  };
}

class Watch {
  readonly abort = new AbortController();
  readonly begun: number[] = [];
  readonly done: number[] = [];
  readonly failed: number[] = [];
  readonly skipped = new Map<number, number>();
  readonly problems: string[] = [];
  inside = 0;
  readonly #trial: Trial;
  readonly #used = new Map<string, number>();
  #held = 0;

  constructor(trial: Trial) {
    this.#trial = trial;
    if (trial.abortAfter === 0) this.abort.abort();
  }

  execute(node: number, place: Place): void | Promise<void> {
    const { kind, fails } = this.#begin(node);
    this.inside += 1;
    this.#hold(node, 1);
    if (kind !== "sync") return this.#executeLater(node, place);
    this.#hold(node, -1);
    this.inside -= 1;
    if (fails) throw new Error(`${node} fails`);
  }

  async #executeLater(node: number, place: Place): Promise<void> {
    const { kind, fails, returns } = this.#trial.nodes[node] as TrialNode;
    let isHeld = true;
    try {
      if (kind === "macro") await setImmediate();
      for (let i = 0; i < returns; i++) {
        isHeld = false;
        this.#hold(node, -1);
        place.release();
        place.release();
        if (kind === "macro") await setImmediate();
        await Promise.all([place.acquire(), place.acquire(this.abort.signal)]);
        isHeld = true;
        this.#hold(node, 1);
        if (kind === "macro") await setImmediate();
      }
      if (fails) throw new Error(`${node} fails`);
    } finally {
      if (isHeld) this.#hold(node, -1);
      this.inside -= 1;
    }
  }

  #begin(node: number): TrialNode {
    const { nodes, onFailure, abortAfter } = this.#trial;
    const own = nodes[node] as TrialNode;
    if (this.begun.includes(node)) this.problems.push(`${node} began again`);
    if (own.isDone) this.problems.push(`${node} began, and was done`);
    if (this.abort.signal.aborted) this.problems.push(`${node} began after the abort`);
    if (onFailure === "stop" && this.failed.length > 0) this.problems.push(`${node} began after a failure`);
    for (const dependency of own.dependencies) {
      const mayHaveFailed = onFailure === "everything" && this.failed.includes(dependency);
      if (!nodes[dependency]?.isDone && !this.done.includes(dependency) && !mayHaveFailed)
        this.problems.push(`${node} began before ${dependency} was settled`);
    }
    this.begun.push(node);
    if (this.begun.length === abortAfter) this.abort.abort();
    return own;
  }

  #hold(node: number, sign: 1 | -1): void {
    const { nodes, concurrency, pools } = this.#trial;
    this.#held += sign;
    if (this.#held > concurrency) this.problems.push(`${this.#held} had a place when ${node} got one`);
    for (const [pool, weight] of Object.entries(nodes[node]?.weights ?? {})) {
      const used = (this.#used.get(pool) ?? 0) + sign * weight;
      this.#used.set(pool, used);
      if (used > (pools[pool] ?? Number.POSITIVE_INFINITY) + 1e-6) this.problems.push(`${used} of ${pool} was used`);
    }
  }
}

/** The state that each node must have in the end if nothing was aborted. */
export function expectedStates({ nodes, onFailure }: Trial): {
  readonly states: readonly number[];
  readonly isExact: boolean;
} {
  const states: number[] = new Array(nodes.length);
  const visit = (node: number): number => {
    const known = states[node];
    if (known !== undefined) return known;
    const { isDone, fails, dependencies } = nodes[node] as TrialNode;
    const upstream = dependencies.map(visit);
    const isCutOff =
      onFailure !== "everything" &&
      upstream.some((state) => state === NodeOutcome.failed || state === NodeOutcome.skipped);
    const state = isDone
      ? NodeOutcome.done
      : isCutOff
        ? NodeOutcome.skipped
        : fails
          ? NodeOutcome.failed
          : NodeOutcome.done;
    states[node] = state;
    return state;
  };
  for (let node = 0; node < nodes.length; node++) visit(node);
  return { states, isExact: onFailure !== "stop" || !states.includes(NodeOutcome.failed) };
}
