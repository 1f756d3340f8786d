import type { Address } from "../address/address.ts";
import type { DescribedError } from "../errors/described-error.ts";
import type { RunResult } from "../errors/pipeline-errors.ts";
import type {
  CorruptEvent,
  EventBase,
  FailedEvent,
  GeneratedEvent,
  HitEvent,
  LogEvent,
  ProgressEvent,
  StartedEvent,
  TakeoverEvent,
  WaitingEvent,
} from "./event.ts";

/**
 * Everything that happens in a run, as one union; `type` says what. Displays, log writers, tracing
 * and the record of the run read it. What happens to one node is an event of its persistable, with
 * what the run knows besides; the other events are steps of the run.
 *
 * No event has a secret in it, and the error of a failure is data: the error itself is in
 * `failures` of the result.
 *
 * Each node ends with exactly one of `hit`, `generated`, `failed`, `cancelled`; a run begins with
 * `planned` and ends with `finished`.
 *
 * @example
 * ```ts
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * await run(study, {
 *   onEvent: (event) => {
 *     if (event.type === "generated") console.log(event.name, event.durationMs);
 *   },
 * });
 * ```
 */
export type RunEvent = RunStep | NodeEvent;

/** A step of the run itself. */
export type RunStep = PlannedEvent | NodeRetriedEvent | NodeCancelledEvent | FinishedEvent;

/** An event of a persistable that is a node of the run. */
export type NodeEvent =
  | NodeStartedEvent
  | InRun<ProgressEvent>
  | NodeLogEvent
  | InRun<WaitingEvent>
  | InRun<TakeoverEvent>
  | InRun<CorruptEvent>
  | NodeHitEvent
  | NodeGeneratedEvent
  | NodeFailedEvent;

/** The fields of every event of a run. */
export interface RunEventBase {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** The fields of every event of one node. */
export interface NodeEventBase extends RunEventBase, EventBase {
  /** The index of the node in the plan. */
  readonly index: number;
}

/** An event of a persistable, with the fields that a run adds. */
export type InRun<Event extends EventBase> = Event & NodeEventBase;

type BodyOf<Event> = Event extends NodeEventBase ? Omit<Event, keyof NodeEventBase> : never;

/** An event of a node without the fields that all of them have. */
export type NodeEventBody = BodyOf<RunEvent>;

/** The plan is made, and the run begins. */
export interface PlannedEvent extends RunEventBase {
  readonly type: "planned";
  /** The number of nodes that the targets need, hits and misses. */
  readonly nodes: number;
  readonly hits: number;
  readonly misses: number;
  readonly concurrency: number;
  /** How long generating will take with this concurrency, as far as earlier records tell. */
  readonly expectedMs?: number;
  /** How long the longest chain of nodes will take: no concurrency makes it shorter. */
  readonly criticalPathMs?: number;
  readonly expectedCost?: Readonly<Record<string, number>>;
}

/** A generator begins. */
export interface NodeStartedEvent extends InRun<StartedEvent> {
  /** Own params, short, secrets masked: `n: 100, randomState: 10`. */
  readonly params: string;
  /** The number of this attempt: 1 for the first one, and one more for every retry. */
  readonly attempt: number;
  readonly expectedMs?: number;
  /** The lowest number that no other running node of this run has: the lane in which to draw it. */
  readonly slot: number;
  /**
   * How long the node, once it was its turn, waited for other processes and for its earlier
   * attempts.
   */
  readonly waitedMs: number;
  /** The worker that generates it, as `host:pid`, if the run has an engine. */
  readonly worker?: string;
  /** The dependencies of the node; if there are more than a hundred, only the first hundred. */
  readonly dependencies: readonly EventBase[];
}

/** The generator has written lines with `log`. */
export interface NodeLogEvent extends InRun<LogEvent> {
  /** The worker that generates it, as `host:pid`, if the run has an engine. */
  readonly worker?: string;
}

/** The artifact exists: it did when the run was planned, or another process has made it since. */
export interface NodeHitEvent extends InRun<Omit<HitEvent, "durationMs" | "alias">> {
  /** How long it took to generate the artifact, if that is known: the time that was saved. */
  readonly savedMs?: number;
}

/** The payload was generated, validated and persisted. */
export interface NodeGeneratedEvent extends InRun<GeneratedEvent> {
  readonly attempt: number;
  readonly sizeBytes?: number;
}

/** Generating failed, and will not be tried again in this run. */
export interface NodeFailedEvent extends InRun<FailedEvent> {
  readonly attempt: number;
  readonly durationMs: number;
  /** Path of the failure's record in the store. */
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

/** The node was neither loaded nor generated. */
export interface NodeCancelledEvent extends NodeEventBase {
  readonly type: "cancelled";
  /**
   * - `aborted`: the run was aborted.
   * - `stopped`: another node failed, and the run was told to stop at the first failure.
   * - `upstream-failed`: a node that it depends on failed.
   */
  readonly reason: "aborted" | "stopped" | "upstream-failed";
  /** The address of the node whose failure is the reason. */
  readonly because?: Address;
}

/** The run has ended. */
export interface FinishedEvent extends RunEventBase, Omit<RunResult, "failures"> {
  readonly type: "finished";
}
