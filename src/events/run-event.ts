import type { Address } from "../address/address.ts";
import type { DescribedError } from "../errors/described-error.ts";

/**
 * Everything that happens in a run, as one union: displays, log writers, tracing and the record of the run are readers of it. `type` tells which.
 *
 * No event has a secret in it, and the error of a failure is data: the error itself is in `failures` of the result.
 *
 * Each node ends with exactly one of `hit`, `generated`, `failed`, `cancelled`; a run begins with `planned` and ends with `finished`.
 *
 * @example
 * ```ts
 * await run(targets, { onEvent: (event) => { if (event.type === "generated") console.log(event.name, event.durationMs); } });
 * ```
 */
export type RunEvent =
  | PlannedEvent
  | NodeStartedEvent
  | NodeProgressEvent
  | NodeWaitingEvent
  | NodeHitEvent
  | NodeGeneratedEvent
  | NodeFailedEvent
  | NodeRetriedEvent
  | NodeCancelledEvent
  | FinishedEvent;

/** What every event of a run says. */
export interface RunEventBase {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** What every event about one node says. */
export interface NodeEventBase extends RunEventBase {
  /** The node's place in the plan. */
  readonly index: number;
  readonly name: string;
  readonly address: Address;
}

/** What the run is about to do. */
export interface PlannedEvent extends RunEventBase {
  readonly type: "planned";
  /** Nodes that the targets need: hits that are there, and what will be generated. */
  readonly nodes: number;
  readonly hits: number;
  readonly misses: number;
  readonly concurrency: number;
  /** How long generating will take with this concurrency, as far as earlier records tell. */
  readonly expectedMs?: number;
  /** The longest chain of what is to be generated: no concurrency makes it quicker. */
  readonly criticalPathMs?: number;
  readonly expectedCost?: Readonly<Record<string, number>>;
}

/** A generator begins. */
export interface NodeStartedEvent extends NodeEventBase {
  readonly type: "started";
  /** Own params, short, secrets masked: `n: 100, randomState: 10`. */
  readonly params: string;
  /** 1, and one more for every retry. */
  readonly attempt: number;
  readonly expectedMs?: number;
}

/** A generator told how far it is. */
export interface NodeProgressEvent extends NodeEventBase {
  readonly type: "progress";
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
}

/** Somebody else generates the same payload: the node gives its place to others until that is done. */
export interface NodeWaitingEvent extends NodeEventBase {
  readonly type: "waiting";
  /** Who generates it, as far as known: `process 4711 on host`. */
  readonly owner: string;
}

/** The artifact is there: it was when the run was planned, or another process has made it since. */
export interface NodeHitEvent extends NodeEventBase {
  readonly type: "hit";
  /** How long generating it took when it was generated, where that is known: the time that was saved. */
  readonly savedMs?: number;
}

/** The payload was generated, validated and persisted. */
export interface NodeGeneratedEvent extends NodeEventBase {
  readonly type: "generated";
  /** How long the generator took, without the time that was spent on dependencies. */
  readonly durationMs: number;
  readonly attempt: number;
  readonly sizeBytes?: number;
  readonly cost?: Readonly<Record<string, number>>;
}

/** Generating failed, and will not be tried again in this run. */
export interface NodeFailedEvent extends NodeEventBase {
  readonly type: "failed";
  readonly error: DescribedError;
  readonly attempt: number;
  readonly durationMs: number;
  /** Where the record of the failure lies in the store. */
  readonly failureFile?: string;
}

/** An attempt failed; another one follows. */
export interface NodeRetriedEvent extends NodeEventBase {
  readonly type: "retried";
  readonly error: DescribedError;
  /** The attempt that failed. */
  readonly attempt: number;
  readonly delayMs: number;
}

/** The node was not done. */
export interface NodeCancelledEvent extends NodeEventBase {
  readonly type: "cancelled";
  /**
   * - `aborted`: the run was aborted.
   * - `stopped`: another node failed, and the run was told to stop at the first failure.
   * - `upstream-failed`: something that it is made from failed.
   */
  readonly reason: "aborted" | "stopped" | "upstream-failed";
  /** What failed, where that is why. */
  readonly because?: Address;
}

/** The run has ended. */
export interface FinishedEvent extends RunEventBase {
  readonly type: "finished";
  readonly state: "completed" | "failed" | "cancelled";
  readonly durationMs: number;
  readonly hits: number;
  readonly generated: number;
  readonly failed: number;
  readonly cancelled: number;
  /** What the hits would have taken to generate, as far as known. */
  readonly savedMs: number;
  readonly cost: Readonly<Record<string, number>>;
}
