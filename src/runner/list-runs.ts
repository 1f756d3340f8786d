import { internalPath, RUNS_FOLDER } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import type { JsonFields } from "../util/json/checks.ts";
import { readJournal } from "./read-journal.ts";
import { readNote } from "./read-note.ts";
import { parseRun, RUN_VERSION, type RunRecord } from "./run-record.ts";

/**
 * Lists the runs of a data directory, newest first, including runs that go on or were killed.
 * Damaged records are left out, and so are those of a newer release, of which the process warns.
 * Control characters in texts are made visible.
 *
 * @param options.limit - how many at most; all by default
 * @throws a StoreError if the store cannot be read
 *
 * @example
 * ```ts
 * import { listRuns } from "persistable-ts/pipeline";
 *
 * for (const { runId, state, generated, failed } of await listRuns("example-data", { limit: 10 }))
 *   console.log(runId, state, generated, failed);
 * ```
 */
export async function listRuns(
  dataDir: string | URL | Store,
  options: { readonly limit?: number | undefined } = {},
): Promise<readonly RunRecord[]> {
  const store = openStore(dataDir);
  const runIds = new Set<string>();
  const recorded = new Set<string>();
  for await (const { path } of store.list(`${RUNS_FOLDER}/`)) {
    const [, runId, ending] = /\/([^/]+)\.(jsonl?)$/.exec(path) ?? [];
    if (runId !== undefined) runIds.add(runId);
    if (runId !== undefined && ending === "json") recorded.add(runId);
  }
  const runs: RunRecord[] = [];
  const newer: StorePath[] = [];
  const { limit = Number.POSITIVE_INFINITY } = options;
  for (const runId of [...runIds].sort().reverse()) {
    if (runs.length >= limit) break;
    const path = recordPathOf(runId);
    const fields = await readNote(store, path);
    if (isNewer(fields)) newer.push(path);
    let record = fields && parseRun(fields);
    // A process that is killed leaves a record that says "running": its journal knows more.
    if (record?.state === "running" || !recorded.has(runId)) record = (await readJournal(store, runId)) ?? record;
    if (record !== undefined) runs.push(record);
  }
  if (newer.length > 0) warnOfNewer(store, newer);
  return runs;
}

/**
 * Reads all that is known of one run, which may still be going on: when each node started and
 * ended, its params, and what it is made from. `undefined` if there is no such run, or if its
 * record is damaged. Damaged lines are left out. Of a run of an earlier release it tells what
 * `listRuns` does.
 *
 * @throws {@link InvalidStorePathError} if the id cannot be one; a StoreError if the store cannot
 * be read
 *
 * @example
 * ```ts
 * import { readRun } from "persistable-ts/pipeline";
 *
 * const record = await readRun("example-data", "20261123T104455123-5f2c9a");
 * for (const { name, slot, startedMs, endedMs } of record?.nodes ?? []) console.log(slot, name, startedMs, endedMs);
 * ```
 */
export async function readRun(dataDir: string | URL | Store, runId: string): Promise<RunRecord | undefined> {
  const store = openStore(dataDir);
  const fields = await readNote(store, recordPathOf(runId));
  const record = fields && parseRun(fields);
  const told = await readJournal(store, runId);
  if (record === undefined || told === undefined) return told ?? record;
  return record.state === "running" ? told : { ...told, ...record, nodes: told.nodes };
}

function recordPathOf(runId: string): StorePath {
  return internalPath(RUNS_FOLDER, `${runId}.json`);
}

function isNewer(fields: JsonFields | undefined): boolean {
  return typeof fields?.run === "number" && fields.run > RUN_VERSION;
}

/** Warns instead of throwing, since the other runs can be listed all the same. */
function warnOfNewer(store: Store, paths: readonly StorePath[]): void {
  process.emitWarning(
    `${paths.length} of the runs in ${store.url} were written by a newer release of persistable-ts and are left out, ${paths[0]} for instance. Update persistable-ts to list them.`,
    { type: "NewerRecordWarning", code: "PERSISTABLE_NEWER_RECORD" },
  );
}
