import { isCertainlyGone, type ProcessIdentity } from "../artifact/lease/process-identity.ts";
import type { NodeEvent, RunEvent } from "../events/run-event.ts";
import type { ReadableStore, StoreCallOptions, StorePath } from "../store/store.ts";
import { isAmount, isCount, isFields, isText, isTime, type JsonFields } from "../util/json/checks.ts";
import { parseRunEvent } from "./parse-run-event.ts";
import { parseNote } from "./read-note.ts";
import { journalPath, localPathOf } from "./run-journal.ts";
import type { RunRecord, RunRecordNode } from "./run-record.ts";

/** A whole line of a journal. */
export interface JournalLine {
  /** The number of bytes up to the end of the line. */
  readonly cursor: number;
  /** `undefined` for a damaged line. */
  readonly fields: JsonFields | undefined;
}

const CHUNK_BYTES = 1024 * 1024;
/** This library writes no longer line, so a longer one is damage. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Any process that can write to the store can make a journal of any length. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * Reads the lines of a journal that end after a cursor. A last line without its line break is left
 * out: its writer was killed, or is writing it.
 *
 * @throws a StoreError if the store cannot be read; the signal's reason
 */
export async function* readJournalLines(
  store: ReadableStore,
  path: StorePath,
  after: number,
  options: StoreCallOptions = {},
): AsyncGenerator<JournalLine> {
  const size = Math.min((await store.stat(path, options))?.sizeBytes ?? 0, MAX_JOURNAL_BYTES);
  let cursor = after;
  let rest: Uint8Array = new Uint8Array(0);
  for (let at = after; at < size; ) {
    const end = Math.min(size, at + CHUNK_BYTES);
    const read = await store.read(path, { ...options, range: { start: at, end } });
    if (read === undefined || read.length === 0) return;
    at += read.length;
    rest = rest.length === 0 ? read : Buffer.concat([rest, read]);
    for (let length = rest.indexOf(LINE_FEED); length !== -1; length = rest.indexOf(LINE_FEED)) {
      cursor += length + 1;
      yield { cursor, fields: parseNote(rest.subarray(0, length)) };
      rest = rest.subarray(length + 1);
    }
    if (rest.length <= MAX_LINE_BYTES) continue;
    cursor += rest.length;
    rest = new Uint8Array(0);
  }
}

/**
 * Reads what a journal says of its run; `undefined` if there is none, or if its head is damaged.
 *
 * @throws a StoreError if the store cannot be read
 */
export async function readJournal(store: ReadableStore, runId: string): Promise<RunRecord | undefined> {
  const path = journalPath(runId);
  let head: JsonFields | undefined;
  const told = new ToldRun();
  for await (const { fields } of readJournalLines(store, path, 0)) {
    if (head === undefined) {
      head = fields;
      if (head === undefined || head.journal !== 1) return undefined;
      continue;
    }
    const event = fields && parseRunEvent(fields);
    if (event !== undefined) told.hear(event);
  }
  return head && recordOf(head, told, localPathOf(store, path));
}

/** Whether the process of this head has certainly ended. */
export function isRunGone(head: JsonFields, file: string | undefined): boolean {
  const identity = identityOf(head.process);
  return identity !== undefined && isCertainlyGone(identity, file);
}

function recordOf(head: JsonFields, told: ToldRun, file: string | undefined): RunRecord | undefined {
  const { runId, startedAt, command, concurrency, keepGoing } = head;
  const identity = identityOf(head.process);
  if (!isText(runId) || !isTime(startedAt) || identity === undefined || !isText(keepGoing)) return undefined;
  if (!(isAmount(concurrency) || concurrency === null)) return undefined;
  const { nodes, planned, finished } = told;
  const count = (outcome: RunRecordNode["outcome"]): number => nodes.filter((node) => node.outcome === outcome).length;
  return {
    run: 1,
    runId,
    state: finished?.state ?? (isCertainlyGone(identity, file) ? "killed" : "running"),
    startedAt,
    ...(finished === undefined ? {} : { finishedAt: new Date(finished.atMs).toISOString() }),
    host: identity.host,
    pid: identity.pid,
    ...(Array.isArray(command) ? { command: command.filter(isText) } : {}),
    concurrency: concurrency ?? Number.POSITIVE_INFINITY,
    keepGoing,
    ...(planned === undefined ? {} : { planned: planned.nodes }),
    hits: finished?.hits ?? (planned?.hits ?? 0) + count("hit"),
    generated: finished?.generated ?? count("generated"),
    failed: finished?.failed ?? count("failed"),
    cancelled: finished?.cancelled ?? count("cancelled"),
    ...(finished === undefined
      ? {}
      : { durationMs: finished.durationMs, savedMs: finished.savedMs, cost: finished.cost }),
    nodes,
  };
}

/** A node keeps this many of its logged lines: its log file has all of them. */
const MOST_LINES = 20;

/** Puts together what the events of a journal say. */
class ToldRun {
  readonly #nodes = new Map<number, RunRecordNode>();
  planned: Extract<RunEvent, { readonly type: "planned" }> | undefined;
  finished: Extract<RunEvent, { readonly type: "finished" }> | undefined;

  get nodes(): readonly RunRecordNode[] {
    return [...this.#nodes.values()];
  }

  hear(event: RunEvent): void {
    if (event.type === "planned") this.planned = event;
    else if (event.type === "finished") this.finished = event;
    else {
      const { index, name, address } = event;
      const before = this.#nodes.get(index) ?? { index, name, address, outcome: "running" };
      this.#nodes.set(index, { ...before, ...changeBy(event, before) });
    }
  }
}

/** The fields of a node that an event of it changes. */
function changeBy(
  event: NodeEvent | Extract<RunEvent, { readonly type: "retried" | "cancelled" }>,
  before: RunRecordNode,
): Partial<RunRecordNode> {
  const endedMs = event.atMs;
  switch (event.type) {
    case "started": {
      const { params, attempt, slot, waitedMs, dependencies, worker } = event;
      const where = worker === undefined ? {} : { worker };
      const startedMs = before.startedMs ?? event.atMs;
      return { params, attempts: attempt, slot, waitedMs, dependencies, startedMs, ...where };
    }
    case "log":
      return { log: [...(before.log ?? []), ...event.lines].slice(-MOST_LINES) };
    case "hit":
      return { outcome: "hit", endedMs };
    case "generated":
      return { outcome: "generated", durationMs: event.durationMs, attempts: event.attempt, endedMs };
    case "failed":
      return {
        ...{ outcome: "failed", durationMs: event.durationMs, attempts: event.attempt, error: event.error, endedMs },
      };
    case "cancelled":
      return { outcome: "cancelled", reason: event.reason, endedMs };
    default:
      return {};
  }
}

/** Returns `undefined` if these are not the fields of a process. */
function identityOf(value: unknown): ProcessIdentity | undefined {
  if (!isFields(value) || !isText(value.host) || !isCount(value.pid)) return undefined;
  const { host, pid, startedAt, bootId, pidNamespace } = value;
  return {
    host,
    pid,
    ...(isText(startedAt) ? { startedAt } : {}),
    ...(isText(bootId) ? { bootId } : {}),
    ...(isText(pidNamespace) ? { pidNamespace } : {}),
  };
}
