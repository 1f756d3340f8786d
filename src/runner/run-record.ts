import type { Address } from "../address/address.ts";
import { isAddress } from "../address/address-of.ts";
import type { DescribedError } from "../errors/described-error.ts";
import type { RunResult } from "../errors/pipeline-errors.ts";
import type { LoggedLine } from "../events/event.ts";
import type { NodeStartedEvent } from "../events/run-event.ts";
import { isAmount, isAmounts, isCount, isFields, isText, isTime, type JsonFields } from "../util/json/checks.ts";
import { describedErrorOf } from "./read-note.ts";

/**
 * The record of a run in the data directory.
 *
 * @example
 * ```ts
 * import { listRuns } from "persistable-ts/pipeline";
 *
 * for (const { runId, state, generated, failed } of await listRuns("example-data"))
 *   console.log(runId, state, generated, failed);
 * ```
 */
export interface RunRecord extends Partial<Omit<RunResult, "runId" | "state" | "failures">> {
  readonly run: 1;
  readonly runId: string;
  /**
   * A run is `killed` if its process has certainly ended without writing how the run ended. That of
   * a process on another machine cannot be known: such a run stays `running`.
   */
  readonly state: "running" | "killed" | RunResult["state"];
  /** ISO 8601 */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly host: string;
  readonly pid: number;
  /** The arguments of the process, without secrets. From `readRun`. */
  readonly command?: readonly string[];
  readonly concurrency: number;
  readonly keepGoing: string;
  /** The number of nodes that the targets needed. From `readRun`. */
  readonly planned?: number;
  /**
   * The nodes that were not hits from the start: from `readRun` in the order in which they started,
   * with all their fields, and from `listRuns` in the order in which they ended, at most 10,000.
   */
  readonly nodes: readonly RunRecordNode[];
  /** How many nodes were left out. */
  readonly omitted?: number;
}

/** One node of a run: how it ended, or that it was running when the run was killed. */
export interface RunRecordNode extends Omit<EndedNode, "outcome">, Partial<TimedNode> {
  readonly name: string;
  readonly address: Address;
  readonly outcome: EndedNode["outcome"] | "running";
}

/** The part that only `readRun` knows. */
type TimedNode = Pick<NodeStartedEvent, "index" | "params" | "slot" | "waitedMs" | "dependencies"> & {
  /** The worker that generated it last, as `host:pid`, if the run has an engine. */
  readonly worker: string;
  /** The last lines that its generator has logged, at most 20. */
  readonly log: readonly LoggedLine[];
  /** When its first attempt began, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** When it ended, in milliseconds since the epoch. */
  readonly endedMs: number;
};

/** How a node ended. */
export interface EndedNode {
  readonly outcome: "generated" | "hit" | "failed" | "cancelled";
  readonly durationMs?: number;
  readonly attempts?: number;
  readonly error?: DescribedError;
  readonly reason?: string;
}

export const RUN_VERSION = 1;

/** Returns `undefined` for a damaged record. Damaged nodes of it are counted as omitted. */
export function parseRun(fields: JsonFields): RunRecord | undefined {
  const { run, runId, state, startedAt, host, pid, concurrency, keepGoing, nodes } = fields;
  if (run !== 1 || !isText(runId) || !isRunState(state) || !isTime(startedAt) || !isText(host)) return undefined;
  // A concurrency without a limit is null in JSON.
  if (!isCount(pid) || !(isAmount(concurrency) || concurrency === null) || !isText(keepGoing)) return undefined;
  if (!Array.isArray(nodes) || !hasOptionals(fields)) return undefined;
  const known = nodes.flatMap((node) => parseNode(node) ?? []);
  const omitted = nodes.length - known.length + (fields.omitted ?? 0);
  const { finishedAt, durationMs, hits, generated, failed, cancelled, savedMs, cost } = fields;
  const optionals = { finishedAt, durationMs, hits, generated, failed, cancelled, savedMs, cost };
  return {
    ...{ run, runId, state, startedAt, host, pid, concurrency: concurrency ?? Number.POSITIVE_INFINITY, keepGoing },
    ...withoutUndefined(optionals),
    nodes: known,
    ...(omitted === 0 ? {} : { omitted }),
  };
}

type Optionals = Partial<
  Pick<
    RunRecord,
    "finishedAt" | "durationMs" | "hits" | "generated" | "failed" | "cancelled" | "savedMs" | "cost" | "omitted"
  >
>;

function hasOptionals(fields: JsonFields): fields is JsonFields & Optionals {
  const { finishedAt, durationMs, savedMs, cost } = fields;
  const counts = [fields.hits, fields.generated, fields.failed, fields.cancelled, fields.omitted];
  return (
    isAbsentOr(isTime, finishedAt) &&
    [durationMs, savedMs].every((amount) => isAbsentOr(isAmount, amount)) &&
    counts.every((count) => isAbsentOr(isCount, count)) &&
    isAbsentOr(isAmounts, cost)
  );
}

function parseNode(fields: unknown): RunRecordNode | undefined {
  if (!isFields(fields)) return undefined;
  const { name, address, outcome, durationMs, attempts, reason } = fields;
  if (!isText(name) || !isAddress(address) || !isOutcome(outcome)) return undefined;
  if (!isAbsentOr(isAmount, durationMs) || !isAbsentOr(isCount, attempts) || !isAbsentOr(isText, reason))
    return undefined;
  const error = fields.error === undefined ? undefined : describedErrorOf(fields.error);
  if (fields.error !== undefined && error === undefined) return undefined;
  return { name, address, outcome, ...withoutUndefined({ durationMs, attempts, reason, error }) };
}

function isAbsentOr<Value>(is: (value: unknown) => value is Value, value: unknown): value is Value | undefined {
  return value === undefined || is(value);
}

function isRunState(value: unknown): value is RunRecord["state"] {
  return value === "running" || value === "completed" || value === "failed" || value === "cancelled";
}

function isOutcome(value: unknown): value is EndedNode["outcome"] {
  return value === "generated" || value === "hit" || value === "failed" || value === "cancelled";
}

type Defined<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function withoutUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>;
}
