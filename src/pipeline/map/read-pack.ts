import type { ReadableStore, StorePath } from "../../store/store.ts";
import {
  type CheckedPackHeader,
  checkPackHeader,
  FRAME_BYTES,
  headerBytesOf,
  isWholePack,
  MAX_HEADER_BYTES,
  type PackIndex,
  salvageIndex,
} from "./pack.ts";

/** The size of the first read of a pack, which mostly has the whole header. */
const FIRST_READ_BYTES = 64 * 1024;
/** The end of a damaged header is looked for within this many bytes. */
const SALVAGED_BYTES = 16 * 1024 * 1024;
const LINE_END = 0x0a;

/** The items of a pack, and where its payloads begin. */
export interface ReadPack {
  readonly index: PackIndex;
  /**
   * The positions at which the payloads may begin. There are several if the header is damaged and
   * its end is not certain.
   */
  readonly bodyStarts: readonly number[];
  /** The damage to both copies of the header; absent if one of them is sound. */
  readonly problem?: string;
}

/** The outcome of reading a pack; `undefined` if the pack has gone. */
export type PackReading = ReadPack | { readonly newer: unknown } | undefined;

/**
 * Reads which items a pack holds: from its header, or else from the copy of the header at its end.
 * If both are damaged, it finds the items that are still readable in them. Damage counts only if a
 * second read shows it as well.
 *
 * @throws a StoreError if the store cannot be read
 */
export async function readPack(
  store: ReadableStore,
  path: StorePath,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<PackReading> {
  const read = await readFile(store, path, sizeBytes, signal);
  if (store.layers === undefined || read === undefined || "newer" in read || read.problem === undefined) return read;
  // Another layer of the store may have the pack without damage.
  if (!(await store.layers.healObject(path, isWholePack, { signal })).isHealed) return read;
  const healed = await store.stat(path, { signal });
  return healed && readFile(store, path, healed.sizeBytes, signal);
}

async function readFile(
  store: ReadableStore,
  path: StorePath,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<PackReading> {
  const file = new PackFile(store, path, sizeBytes, signal);
  try {
    const first = soundPack(await file.readHead());
    if (first !== undefined) return first;
    const head = await file.readHead();
    const again = soundPack(head);
    if (again !== undefined) return again;
    // This is checked before the copy at the end is read: a newer release may write that copy in
    // another way, or not at all.
    const newer = newerOf(head);
    if (newer !== undefined) return newer;
    const tail = await file.readTail();
    return soundPack(tail) ?? newerOf(tail) ?? (await file.salvage(head));
  } catch (error) {
    if (error === hasGone) return undefined;
    throw error;
  }
}

const hasGone = new Error("the pack has gone");

/** One of the two copies of a header. */
interface HeaderCopy {
  readonly checked: CheckedPackHeader;
  readonly bodyStart: number;
}

function soundPack(copy: HeaderCopy | undefined): ReadPack | undefined {
  return copy?.checked.state === "sound" ? { index: copy.checked.index, bodyStarts: [copy.bodyStart] } : undefined;
}

function newerOf(copy: HeaderCopy | undefined): { readonly newer: unknown } | undefined {
  return copy?.checked.state === "newer" ? { newer: copy.checked.version } : undefined;
}

function padded(frame: Uint8Array): Uint8Array {
  const whole = new Uint8Array(FRAME_BYTES);
  whole.set(frame);
  return whole;
}

class PackFile {
  readonly #store: ReadableStore;
  readonly #path: StorePath;
  readonly #sizeBytes: number;
  readonly #signal: AbortSignal | undefined;

  constructor(store: ReadableStore, path: StorePath, sizeBytes: number, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#signal = signal;
  }

  /** Reads the header at the beginning. */
  async readHead(): Promise<HeaderCopy> {
    const first = await this.#read(0, Math.min(FIRST_READ_BYTES, this.#sizeBytes));
    if (first.length < FRAME_BYTES)
      return { checked: checkPackHeader(padded(first), undefined, 0), bodyStart: this.#sizeBytes };
    const frame = first.subarray(0, FRAME_BYTES);
    const bodyStart = FRAME_BYTES + headerBytesOf(frame);
    const bodyBytes = this.#sizeBytes - bodyStart;
    if (!this.#isWithin(bodyStart)) return { checked: checkPackHeader(frame, undefined, 0), bodyStart };
    const json =
      bodyStart <= first.length ? first.subarray(FRAME_BYTES, bodyStart) : await this.#read(FRAME_BYTES, bodyStart);
    return { checked: checkPackHeader(frame, json, bodyBytes), bodyStart };
  }

  /**
   * Reads the copy of the header at the end; `undefined` if there is none, as in packs of earlier
   * releases.
   */
  async readTail(): Promise<HeaderCopy | undefined> {
    const start = this.#sizeBytes - FRAME_BYTES;
    if (start < FRAME_BYTES) return undefined;
    const frame = await this.#read(start, this.#sizeBytes);
    if (frame.length < FRAME_BYTES) return undefined;
    const bodyStart = FRAME_BYTES + headerBytesOf(frame);
    const jsonStart = start - headerBytesOf(frame);
    if (jsonStart < bodyStart || !this.#isWithin(bodyStart)) return undefined;
    const json = await this.#read(jsonStart, start);
    return { checked: checkPackHeader(frame, json, jsonStart - bodyStart), bodyStart };
  }

  /** Finds the items that damage to both copies has left. Each payload has still to be verified. */
  async salvage(head: HeaderCopy): Promise<ReadPack> {
    const problem = head.checked.state === "damaged" ? head.checked.problem : "is damaged";
    const text = await this.#read(FRAME_BYTES, await this.#lineEnd(head));
    const bodyStarts = [FRAME_BYTES + text.length];
    if (this.#isWithin(head.bodyStart)) bodyStarts.push(head.bodyStart);
    const bodyBytes = this.#sizeBytes - Math.min(...bodyStarts);
    const index = salvageIndex(text, bodyBytes) ?? { format: "", items: [], madeMs: () => 0 };
    return { index, bodyStarts: [...new Set(bodyStarts)], problem };
  }

  /**
   * The position after the header, which is one line. If the end of the line is not found, it is
   * the position that the frame announces.
   */
  async #lineEnd({ bodyStart }: HeaderCopy): Promise<number> {
    const limit = Math.min(this.#sizeBytes, FRAME_BYTES + SALVAGED_BYTES);
    for (let bytes = FIRST_READ_BYTES; ; bytes *= 8) {
      const end = Math.min(limit, FRAME_BYTES + bytes);
      const at = (await this.#read(FRAME_BYTES, end)).indexOf(LINE_END);
      if (at !== -1) return FRAME_BYTES + at + 1;
      if (end === limit) return this.#isWithin(bodyStart) ? bodyStart : limit;
    }
  }

  #isWithin(bodyStart: number): boolean {
    return bodyStart <= this.#sizeBytes && bodyStart - FRAME_BYTES <= MAX_HEADER_BYTES;
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    if (start >= end) return new Uint8Array(0);
    const bytes = await this.#store.read(this.#path, { signal: this.#signal, range: { start, end } });
    if (bytes === undefined) throw hasGone;
    return bytes;
  }
}
