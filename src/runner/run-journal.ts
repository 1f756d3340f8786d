import { constants, openSync } from "node:fs";
import type { ProcessIdentity } from "../artifact/lease/process-identity.ts";
import type { PlannedEvent, RunEvent } from "../events/run-event.ts";
import { internalPath, RUNS_FOLDER } from "../store/internal-folder.ts";
import type { ReadableStore, Store, StorePath } from "../store/store.ts";
import { LineFile, lineOf } from "./json-lines.ts";

/** The first line of a journal. */
export interface JournalHead {
  readonly type: "began";
  /** The version of this file. */
  readonly journal: 1;
  readonly runId: string;
  /** ISO 8601 */
  readonly startedAt: string;
  /** The arguments of the process, without secrets. */
  readonly command: readonly string[];
  /** Tells other processes whether the run was killed. */
  readonly process: ProcessIdentity;
  /** `null` stands for no limit. */
  readonly concurrency: number | null;
  readonly keepGoing: string;
}

export function journalPath(runId: string): StorePath {
  return internalPath(RUNS_FOLDER, `${runId}.jsonl`);
}

/** A longer journal could not be read back: beyond this, only the end of the run is written. */
const MAX_BYTES = 48 * 1024 * 1024;
/** A generator may report its progress a thousand times a second. No display needs that. */
const PROGRESS_MS = 500;

/**
 * The events of one run, written while it goes on: one line of JSON each, of which a kill loses at
 * most the last one. Lines do not wait for the disk, since a power cut ends the run as well.
 */
export class RunJournal {
  readonly #lines: LineFile | ReplacedLines;
  readonly #progressMs = new Map<number, number>();
  #bytes = 0;

  private constructor(lines: LineFile | ReplacedLines) {
    this.#lines = lines;
  }

  /** @throws a StoreError, or the system's error if the file cannot be opened */
  static async begin(store: Store, head: JournalHead, planned: PlannedEvent): Promise<RunJournal> {
    const path = journalPath(head.runId);
    const text = `${JSON.stringify(head)}\n${lineOf(planned)}`;
    // The head is in the first write: a watcher would not take a journal without a head for that of
    // a run.
    await store.replace(path, [Buffer.from(text)], { durable: false });
    const file = localPathOf(store, path);
    return new RunJournal(file === undefined ? new ReplacedLines(store, path, text) : openForAppending(file));
  }

  write(event: RunEvent): void {
    if (event.type === "progress" && this.#isTooSoon(event.index, event.atMs)) return;
    if (this.#bytes > MAX_BYTES && event.type !== "finished") return;
    const line = lineOf(event);
    this.#bytes += line.length;
    this.#lines.append(line);
  }

  async end(): Promise<void> {
    await this.#lines.close();
  }

  #isTooSoon(node: number, atMs: number): boolean {
    if (atMs - (this.#progressMs.get(node) ?? 0) < PROGRESS_MS) return true;
    this.#progressMs.set(node, atMs);
    return false;
  }
}

/** The journal's file, where the store is a folder of this machine. */
export function localPathOf(store: ReadableStore, path: StorePath): string | undefined {
  return "localPath" in store && typeof store.localPath === "function" ? store.localPath(path) : undefined;
}

/**
 * Other users may write into the folder, too, and a link that they left there could lead to any
 * file.
 */
function openForAppending(file: string): LineFile {
  const { O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = constants;
  return new LineFile(file, openSync(file, O_WRONLY | O_APPEND | O_NOFOLLOW));
}

const FLUSH_MS = 10_000;

/**
 * The lines of a journal in a store that cannot append: the whole object is replaced from time to
 * time, as long as it has grown by an eighth, and at the end.
 */
class ReplacedLines {
  readonly #store: Store;
  readonly #path: StorePath;
  readonly #timer: NodeJS.Timeout;
  #text: string;
  #written: number;
  #writing: Promise<void> | undefined;

  constructor(store: Store, path: StorePath, text: string) {
    this.#store = store;
    this.#path = path;
    this.#text = text;
    this.#written = text.length;
    this.#timer = setInterval(() => this.#flushGrown(), FLUSH_MS).unref();
  }

  append(line: string): void {
    this.#text += line;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#flush();
  }

  #flushGrown(): void {
    if (this.#writing !== undefined || this.#text.length < this.#written * 1.125) return;
    this.#writing = this.#flush()
      // The end of the run tries again, and says what is wrong.
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    await this.#store.replace(this.#path, [Buffer.from(text)], { durable: false });
    this.#written = text.length;
  }
}
