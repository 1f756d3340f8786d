import type { LimitOptions, Weights } from "./pool.ts";

/** One of the places for running nodes, with the node's share of the pools. */
export interface Place {
  /**
   * Gives the place to other nodes while this node only waits. Does nothing if it was given back.
   *
   * @param isElsewhere - another process has the node
   */
  release(isElsewhere?: boolean): void;
  /**
   * Takes the place again, at once if it was not given back.
   *
   * @throws the reason of this signal or of the schedule's, whichever is aborted first
   */
  acquire(signal?: AbortSignal): Promise<void>;
}

/** How the nodes of a graph are carried out. */
export interface ScheduleOptions extends LimitOptions {
  /** How many nodes may run at the same time. */
  readonly concurrency: number;
  /** How much of the pools a node takes. */
  readonly poolsOf?: (node: number) => Weights | undefined;
  /** The name of a node in error messages. */
  readonly nameOf?: (node: number) => string;
  /** 1 for each node that needs nothing done. */
  readonly done?: Uint8Array;
  /**
   * The node with the largest priority starts first. Without priorities, the node that became ready
   * first starts first.
   */
  readonly priority?: Float64Array | undefined;
  /** Carries out one node. If it throws or rejects, the node has failed. */
  readonly execute: (node: number, place: Place) => void | Promise<void>;
  /**
   * After a failure, `"stop"` (the default) starts no further node, `"independent"` skips the nodes
   * that depend on the failed one, and `"everything"` goes on as if the node had been done.
   */
  readonly onFailure?: "stop" | "independent" | "everything";
  readonly onDone?: (node: number) => void;
  readonly onFailed?: (node: number, error: unknown) => void;
  /** Called for a node that is not started because it depends on the failed node `because`. */
  readonly onSkipped?: (node: number, because: number) => void;
  /** After an abort, no further node is started. */
  readonly signal?: AbortSignal;
}

/** The outcome of every node. */
export interface ScheduleOutcome {
  /** For each node one of {@link NodeOutcome}. */
  readonly state: Uint8Array;
}

/** `pending` is a node that was never started, because the schedule ended before. */
export const NodeOutcome = { pending: 0, done: 1, failed: 2, skipped: 3, running: 4 } as const;
