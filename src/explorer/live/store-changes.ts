import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Catalog } from "../../catalog/open/open-catalog.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { internalPath, RUNS_FOLDER } from "../../store/internal-folder.ts";
import type { Store } from "../../store/store.ts";
import type { StoreEvent } from "../shapes/live-shapes.ts";

const LOCAL_POLL_MS = 1000;
const REMOTE_POLL_MS = 5000;
/** A page that knows none of these events any more loads everything again. */
const KEPT_EVENTS = 1000;
const MOST_ADDRESSES = 100;

type Without<Event, Key extends string> = Event extends unknown ? Omit<Event, Key> : never;
type Listener = (event: StoreEvent) => void;

/**
 * Watches a data directory for all pages that are open. A cursor is the number of an event, after a
 * text that tells one server from the next: a page that comes back learns what it has missed.
 */
export class StoreChanges {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #instance = randomBytes(6).toString("hex");
  readonly #events: StoreEvent[] = [];
  readonly #listeners = new Set<Listener>();
  #count = 0;
  #problem: string | undefined;

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get cursor(): string {
    return `${this.#instance}-${this.#count}`;
  }

  /** Watches until the signal aborts; trouble of the store is told, and watching goes on. */
  async watch(signal: AbortSignal): Promise<void> {
    const runs = this.#watchRuns();
    const pollMs = this.#store.sync === undefined ? REMOTE_POLL_MS : LOCAL_POLL_MS;
    const looking = this.#look(signal);
    while (!signal.aborted) {
      try {
        for await (const { added, removed } of this.#catalog.watch({ signal, pollMs })) {
          this.#notice(undefined);
          const names = new Set([...added, ...removed].map(({ name }) => name));
          this.#tell({
            type: "changed",
            added: added.length,
            removed: removed.length,
            addedAddresses: added.slice(0, MOST_ADDRESSES).map(({ address }) => address),
            removedAddresses: removed.slice(0, MOST_ADDRESSES).map(({ address }) => address),
            names: [...names].slice(0, MOST_ADDRESSES),
          });
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#notice(messageOf(error));
        await sleep(pollMs, undefined, { signal }).catch(() => {});
      }
    }
    runs?.close();
    await looking;
  }

  /** Sends all events after a cursor, and then each new one. Returns what ends that. */
  subscribe(after: string | undefined, listener: Listener): () => void {
    listener({ type: "hello", cursor: this.cursor });
    const missed = this.#missedSince(after);
    if (missed === undefined) listener({ type: "reset", cursor: this.cursor });
    else for (const event of missed) listener(event);
    const problem = this.#problem;
    if (problem !== undefined) listener({ type: "lost", cursor: this.cursor, problem });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns the events after a cursor; `undefined` if some of them are not known any more. */
  #missedSince(after: string | undefined): readonly StoreEvent[] | undefined {
    if (after === undefined || after === "") return [];
    const [instance, digits = ""] = after.split("-");
    const missed = this.#count - Number(digits);
    if (instance !== this.#instance || !(missed >= 0 && missed <= this.#events.length)) return undefined;
    return missed === 0 ? [] : this.#events.slice(-missed);
  }

  /** A folder that was deleted seems to be empty to a catalogue. */
  async #look(signal: AbortSignal): Promise<void> {
    if (!this.#store.url.startsWith("file:")) return;
    const folder = fileURLToPath(this.#store.url);
    while (!signal.aborted) {
      const isThere = existsSync(folder);
      if (!isThere) this.#notice(`The folder ${folder} does not exist.`);
      else if (this.#problem?.endsWith("does not exist.") === true) {
        // The pages ask again at once, and must not be told that there is nothing.
        await this.#catalog.refresh().catch(() => {});
        this.#notice(undefined);
      }
      await sleep(LOCAL_POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  #notice(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#tell(problem === undefined ? { type: "found" } : { type: "lost", problem });
  }

  #watchRuns(): { close(): void } | undefined {
    let isDue = false;
    return this.#store.watch?.(internalPath(RUNS_FOLDER), () => {
      if (isDue) return;
      isDue = true;
      // A run writes many lines a second.
      setTimeout(() => {
        isDue = false;
        this.#tell({ type: "runs" });
      }, LOCAL_POLL_MS).unref();
    });
  }

  #tell(body: Without<StoreEvent, "cursor">): void {
    this.#count += 1;
    const event: StoreEvent = { ...body, cursor: this.cursor };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }
}
