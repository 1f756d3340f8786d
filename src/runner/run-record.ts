import { hostname } from "node:os";
import type { Address } from "../address/address.ts";
import { INTERNAL_FOLDER } from "../artifact/artifact-paths.ts";
import type { RunResult } from "../errors/pipeline-errors.ts";
import { createRedactor } from "../persistable/redact-secrets.ts";
import type { State } from "../persistable/state.ts";
import { openStore } from "../store/open-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import { plainLines } from "../util/plain-lines.ts";
import { type DescribedError, describeError } from "./failure-record.ts";
import type { RunSettings } from "./run-options.ts";

/**
 * What is kept of a run in the data directory, so that it can be looked at later. A run that is `running` and whose process is gone was killed.
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
  /** Everything that was to be done, in the order in which it ended; of very many, the first. */
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

/** More would make a file that nobody opens. */
const MAX_NODES = 10_000;
const RUNS_FOLDER = `${INTERNAL_FOLDER}/runs`;

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

  note(index: number, { error, durationMs, ...note }: Omit<NodeNote, "error"> & { readonly error?: unknown }): void {
    const state = this.#states[index];
    if (state === undefined) return;
    if (this.#nodes.length >= MAX_NODES) {
      this.#omitted += 1;
      return;
    }
    const described = error === undefined ? {} : { error: describeError(error, createRedactor(state.secrets)) };
    const { name, address } = state.node;
    const took = durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1000) / 1000 };
    this.#nodes.push({ name, address, ...note, ...took, ...described });
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
    const path = `${RUNS_FOLDER}/${this.runId}.json` as StorePath;
    await store.replace(path, [Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`)], { durable: false });
  }
}

/** Sorts by time, and is a file name everywhere: `20261123T104455123-5f2c9a`. */
function newRunId(startedAt: Date): string {
  const time = startedAt.toISOString().replaceAll(/[-:.Z]/g, "");
  const random = crypto.getRandomValues(new Uint8Array(3));
  return `${time}-${Buffer.from(random).toString("hex")}`;
}

/**
 * The runs of a data directory, newest first.
 *
 * @param options.limit - how many at most; all by default
 * @throws a StoreError where the store cannot be read.
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
  for (const path of paths.slice(0, options.limit)) {
    const record = parseRun(await store.read(path));
    if (record !== undefined) runs.push(record);
  }
  return runs;
}

/** A record that was torn or removed is left out: runs are notes, and may all be deleted. */
function parseRun(bytes: Uint8Array | undefined): RunRecord | undefined {
  try {
    const record = JSON.parse(Buffer.from(plainLines(bytes ?? new Uint8Array(0))).toString()) as RunRecord;
    return record.run === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}
