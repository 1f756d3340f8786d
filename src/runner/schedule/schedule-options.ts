import type { LimitOptions } from "./limits.ts";
import type { Place } from "./running-node.ts";

/** How a graph is worked through. */
export interface ScheduleOptions extends LimitOptions {
  /** How many nodes run at the same time. */
  readonly concurrency: number;
  /** 1 for each node that is done from the beginning. */
  readonly done?: Uint8Array;
  /** The larger the sooner, among those that could run; where it is absent, first come, first served. */
  readonly priority?: Float64Array;
  /** Do the node. What it throws or rejects with is a failure. */
  readonly execute: (node: number, place: Place) => void | Promise<void>;
  /**
   * After a failure: `"stop"` (default) begins nothing more, `"independent"` skips whatever depends on it, `"everything"` goes on as if nothing had happened.
   */
  readonly onFailure?: "stop" | "independent" | "everything";
  readonly onDone?: (node: number) => void;
  readonly onFailed?: (node: number, error: unknown) => void;
  /** Not begun, because of the failed node that it depends on. */
  readonly onSkipped?: (node: number, because: number) => void;
  /** Begins nothing more when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What became of each node. */
export interface ScheduleOutcome {
  /** For each node one of {@link NodeOutcome}. */
  readonly state: Uint8Array;
}

/** `pending`: never begun, because the schedule ended before. */
export const NodeOutcome = { pending: 0, done: 1, failed: 2, skipped: 3, running: 4 } as const;
