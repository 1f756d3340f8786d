import type { RunEvent } from "../events/run-event.ts";
import { internalPath, RUNS_FOLDER } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store } from "../store/store.ts";
import { onAbort } from "../util/concurrency/on-abort.ts";
import type { JsonFields } from "../util/json/checks.ts";
import { parseRunEvent } from "./parse-run-event.ts";
import { isRunGone, readJournalLines } from "./read-journal.ts";
import { journalPath, localPathOf } from "./run-journal.ts";

/** An event of a run that any process watches. */
export interface WatchedEvent {
  /** Given as `after`, the next watch begins with the next event. */
  readonly cursor: number;
  readonly event: RunEvent;
}

/** How a run is watched. */
export interface WatchRunOptions {
  /** The cursor of the last event that is known; from the beginning by default. */
  readonly after?: number | undefined;
  /** Ends the watching: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/** How often a folder of this machine is checked, in case the system does not report a change. */
const LOCAL_POLL_MS = 500;
/** How often any other store is checked, where a run writes its journal every ten seconds. */
const REMOTE_POLL_MS = 5000;

/**
 * Yields the events of a run of any process: all events so far, and then each event soon after it
 * has happened. It ends when the run ends or was killed, and at once if the run does not exist.
 * Artifacts that were there from the start are counted by `planned` and have no event: a run that
 * found all of them has none at all. Of the progress of one node there are at most two events a
 * second.
 *
 * @throws a StoreError if the store cannot be read; the signal's reason
 *
 * @example
 * ```ts
 * import { listRuns, watchRun } from "persistable-ts/pipeline";
 *
 * const [latest] = await listRuns("example-data", { limit: 1 });
 * if (latest !== undefined)
 *   for await (const { event } of watchRun("example-data", latest.runId)) console.log(event.type);
 * ```
 */
export async function* watchRun(
  dataDir: string | URL | Store,
  runId: string,
  options: WatchRunOptions = {},
): AsyncGenerator<WatchedEvent, void, undefined> {
  const { after = 0, signal } = options;
  const store = openStore(dataDir);
  const path = journalPath(runId);
  const file = localPathOf(store, path);
  const bell = new Bell();
  const watch = store.watch?.(internalPath(RUNS_FOLDER), bell.ring);
  const stopListening = onAbort(signal, bell.ring);
  let cursor = after;
  let head: JsonFields | undefined;
  try {
    for (;;) {
      signal?.throwIfAborted();
      head ??= await readHead(store, runId, signal);
      if (head === undefined) return;
      // This is checked before the lines are read, so that all lines from before the end of the
      // process are read.
      const isGone = isRunGone(head, file);
      for await (const line of readJournalLines(store, path, cursor, { signal })) {
        cursor = line.cursor;
        const event = line.fields && parseRunEvent(line.fields);
        if (event === undefined) continue;
        yield { cursor, event };
        if (event.type === "finished") return;
      }
      if (isGone) return;
      await bell.wait(store.sync === undefined ? REMOTE_POLL_MS : LOCAL_POLL_MS);
    }
  } finally {
    watch?.close();
    stopListening();
  }
}

async function readHead(store: Store, runId: string, signal: AbortSignal | undefined): Promise<JsonFields | undefined> {
  for await (const { fields } of readJournalLines(store, journalPath(runId), 0, { signal })) return fields;
  return undefined;
}

/** Wakes its waiter. If it rings while no caller waits, the next caller does not wait. */
class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.#hasRung = true;
    this.#wake?.();
  };

  async wait(atMostMs: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, atMostMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#hasRung = false;
  }
}
