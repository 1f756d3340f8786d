/** One event, with the names and the values of its fields in turn. */
type Entry = [id: string, fields: string[]];

/** Returns the events after an id, as backends of BullMQ do, or nothing if none comes in time. */
export type ReadEvents = (
  id: string,
  blockMs: number,
) => Promise<[name: string, entries: Entry[]][] | null | undefined>;

/** How often events that are missing are looked for. */
const LOOK_MS = 100;
/** For how long an event that is missing is looked for. */
const LATE_MS = 2000;
/** A gap that is longer than this has ids of another queue. */
const MOST_IN_GAP = 100;

/**
 * Reads the events of a queue on PostgreSQL. Events get their ids when they are written, but are
 * seen when their transactions are committed, perhaps in another order. BullMQ would never return
 * an event that is seen after one with a higher id, so ids that are missing are looked for again.
 */
export class LateEvents {
  readonly #read: ReadEvents;
  /** The ids that are missing, in ascending order, and when that was noticed. */
  readonly #missing = new Map<number, number>();
  #newest: number | undefined;
  #lookedMs = 0;

  constructor(read: ReadEvents) {
    this.#read = read;
  }

  readonly read: ReadEvents = async (id, blockMs) => {
    this.#newest ??= Number(id);
    const waitMs = this.#missing.size === 0 ? blockMs : Math.min(blockMs, LOOK_MS);
    const fresh = await this.#after(this.#newest, waitMs);
    for (const [next] of fresh) this.#noteGap(Number(next));
    const entries = [...(await this.#lookForLate()), ...fresh];
    return entries.length === 0 ? null : [["events", entries]];
  };

  async #after(id: number, blockMs: number): Promise<Entry[]> {
    const streams = await this.#read(String(id), blockMs);
    return streams?.[0]?.[1] ?? [];
  }

  #noteGap(next: number): void {
    const first = Math.max((this.#newest ?? 0) + 1, next - MOST_IN_GAP);
    for (let id = first; id < next; id++) this.#missing.set(id, performance.now());
    this.#newest = next;
  }

  async #lookForLate(): Promise<Entry[]> {
    const now = performance.now();
    if (now - this.#lookedMs < LOOK_MS) return [];
    this.#lookedMs = now;
    const found: Entry[] = [];
    let from = 0;
    for (const [id, noticedMs] of this.#missing) {
      if (id >= from) {
        const page = await this.#after(id - 1, 1);
        found.push(...page.filter(([each]) => this.#missing.has(Number(each))));
        from = Number(page.at(-1)?.[0] ?? Number.POSITIVE_INFINITY) + 1;
      }
      if (noticedMs < now - LATE_MS) this.#missing.delete(id);
    }
    for (const [id] of found) this.#missing.delete(Number(id));
    return found;
  }
}
