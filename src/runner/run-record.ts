import { hostname } from "node:os";
import type { Address } from "../address/address.ts";
import type { DescribedError } from "../errors/described-error.ts";
import type { RunResult } from "../errors/pipeline-errors.ts";
import type { State } from "../persistable/declare/state.ts";
import { internalPath, RUNS_FOLDER } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import {
  describedErrorOf,
  isAmount,
  isAmounts,
  isCount,
  isFields,
  isText,
  isTime,
  type NoteFields,
  readNote,
} from "./read-note.ts";
import type { RunSettings } from "./run-options.ts";

/**
 * The record of a run in the data directory. A run that is `running` and whose process has ended
 * was killed.
 *
 * @example
 * ```ts
 * for (const { runId, state, generated, failed } of await listRuns("example-data")) console.log(runId, state, generated, failed);
 * ```
 */
export interface RunRecord {
  readonly run: 1;
  readonly runId: string;
  readonly state: "running" | RunResult["state"];
  /** ISO 8601 */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly host: string;
  readonly pid: number;
  readonly concurrency: number;
  readonly keepGoing: string;
  readonly durationMs?: number;
  readonly hits?: number;
  readonly generated?: number;
  readonly failed?: number;
  readonly cancelled?: number;
  readonly savedMs?: number;
  readonly cost?: Readonly<Record<string, number>>;
  /** The nodes in the order in which they ended, at most 10,000. */
  readonly nodes: readonly RunRecordNode[];
  /** How many nodes were left out. */
  readonly omitted?: number;
}

/** One node of a run, as it ended. */
export interface RunRecordNode extends NodeNote {
  readonly name: string;
  readonly address: Address;
}

interface NodeNote {
  readonly outcome: "generated" | "hit" | "failed" | "cancelled";
  readonly durationMs?: number;
  readonly attempts?: number;
  readonly error?: DescribedError;
  readonly reason?: string;
}

/** A file with more nodes would be too large to read. */
const MAX_NODES = 10_000;

/** Writes the record of one run: when it begins, and when it has ended. */
export class RunLog {
  readonly runId: string;
  readonly #states: readonly State[];
  readonly #settings: RunSettings;
  readonly #startedAt = new Date();
  readonly #nodes: RunRecordNode[] = [];
  #omitted = 0;

  constructor(states: readonly State[], settings: RunSettings) {
    this.#states = states;
    this.#settings = settings;
    this.runId = newRunId(this.#startedAt);
  }

  note(index: number, { durationMs, ...note }: NodeNote): void {
    const state = this.#states[index];
    if (state === undefined) return;
    if (this.#nodes.length >= MAX_NODES) {
      this.#omitted += 1;
      return;
    }
    const { name, address } = state.recipe;
    const took = durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1000) / 1000 };
    this.#nodes.push({ name, address, ...note, ...took });
  }

  begin(): Promise<void> {
    return this.#write({ state: "running", nodes: [] });
  }

  end(result: RunResult): Promise<void> {
    const { state, durationMs, hits, generated, failed, cancelled, savedMs, cost } = result;
    return this.#write({
      state,
      finishedAt: new Date().toISOString(),
      durationMs: Math.round(durationMs),
      hits,
      generated,
      failed,
      cancelled,
      savedMs: Math.round(savedMs),
      cost,
      nodes: this.#nodes,
      ...(this.#omitted === 0 ? {} : { omitted: this.#omitted }),
    });
  }

  async #write(rest: Pick<RunRecord, "state" | "nodes"> & Partial<RunRecord>): Promise<void> {
    const store = this.#states[0]?.surroundings.store;
    if (store === undefined || this.#settings.keepRecord === false) return;
    const { concurrency, keepGoing } = this.#settings;
    const record: RunRecord = {
      run: 1,
      runId: this.runId,
      startedAt: this.#startedAt.toISOString(),
      host: hostname(),
      pid: process.pid,
      concurrency,
      keepGoing,
      ...rest,
    };
    const path = internalPath(RUNS_FOLDER, `${this.runId}.json`);
    try {
      await store.replace(path, [Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`)], { durable: false });
    } catch (error) {
      warnOnce(store.url, error);
    }
  }
}

const warned = new Set<string>();

/** A run of hits alone, in a folder that may only be read, must work without a record. */
function warnOnce(storeUrl: string, error: unknown): void {
  if (warned.has(storeUrl)) return;
  warned.add(storeUrl);
  process.emitWarning(
    `The record of this run cannot be written (${error instanceof Error ? error.message : String(error)}). ` +
      "The run goes on without it. Give keepRecord: false where no record is wanted.",
    "PersistableWarning",
  );
}

/** Sorts by time, and is a file name everywhere: `20261123T104455123-5f2c9a`. */
function newRunId(startedAt: Date): string {
  const time = startedAt.toISOString().replaceAll(/[-:.Z]/g, "");
  const random = crypto.getRandomValues(new Uint8Array(3));
  return `${time}-${Buffer.from(random).toString("hex")}`;
}

/**
 * The runs of a data directory, newest first. Damaged records are left out, and so are those of a
 * newer release, with a warning of the process. Nothing in their text moves a cursor.
 *
 * @param options.limit - how many at most; all by default
 * @throws a StoreError if the store cannot be read
 */
export async function listRuns(
  dataDir: string | URL | Store,
  options: { readonly limit?: number | undefined } = {},
): Promise<readonly RunRecord[]> {
  const store = openStore(dataDir);
  const paths: StorePath[] = [];
  for await (const { path } of store.list(`${RUNS_FOLDER}/`)) if (path.endsWith(".json")) paths.push(path);
  paths.sort().reverse();
  const runs: RunRecord[] = [];
  const newer: StorePath[] = [];
  const { limit = Number.POSITIVE_INFINITY } = options;
  for (const path of paths) {
    if (runs.length >= limit) break;
    const fields = await readNote(store, path);
    if (isNewer(fields)) newer.push(path);
    const record = fields === undefined ? undefined : parseRun(fields);
    if (record !== undefined) runs.push(record);
  }
  if (newer.length > 0) warnOfNewer(store, newer);
  return runs;
}

function isNewer(fields: NoteFields | undefined): boolean {
  return typeof fields?.run === "number" && fields.run > RUN_VERSION;
}

const RUN_VERSION = 1;

/** A warning instead of an error: the other runs can be listed all the same. */
function warnOfNewer(store: Store, paths: readonly StorePath[]): void {
  process.emitWarning(
    `${paths.length} of the runs in ${store.url} were written by a newer release of persistable-ts and are left out, ${paths[0]} for instance. Update persistable-ts to list them.`,
    { type: "NewerRecordWarning", code: "PERSISTABLE_NEWER_RECORD" },
  );
}

/** Returns `undefined` for a damaged record. Damaged nodes of it are counted as omitted. */
function parseRun(fields: NoteFields): RunRecord | undefined {
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

function hasOptionals(fields: NoteFields): fields is NoteFields & Optionals {
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

function isAddress(value: unknown): value is Address {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isRunState(value: unknown): value is RunRecord["state"] {
  return value === "running" || value === "completed" || value === "failed" || value === "cancelled";
}

function isOutcome(value: unknown): value is NodeNote["outcome"] {
  return value === "generated" || value === "hit" || value === "failed" || value === "cancelled";
}

type Defined<Fields> = { readonly [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };

function withoutUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>;
}
