import { DecodeError } from "../../errors/format-errors.ts";
import { isOutOfResources } from "../out-of-resources.ts";

/** Whatever is in a buffer may be referred to many times over: together, no more is read than honest buffers need. */
interface Work {
  left: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A table of FlatBuffers, as Arrow describes its files with. Fields are read where they lie and never beyond the bytes, and a vector
 * is as long as the bytes that it has: hostile bytes cost no more than their own length.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #work: Work;

  /** @param at - where the table begins in the view */
  private constructor(view: DataView, at: number, work: Work) {
    this.#view = view;
    this.#at = at;
    this.#work = work;
  }

  /** The table that a buffer is about. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const work = { left: 4096 + 4 * bytes.length };
    return guarded(() => new FlatTable(view, view.getUint32(0, true), work));
  }

  /** A number of `bytes` bytes, signed; the default where it is left out. A 64-bit one beyond 2^53 is only nearly the same. */
  int(slot: number, bytes: 1 | 2 | 4 | 8, fallback = 0): number {
    return guarded(() => {
      const at = this.#placeOf(slot);
      return at === undefined ? fallback : readInt(this.#view, at, bytes);
    });
  }

  bool(slot: number, fallback = false): boolean {
    return this.int(slot, 1, fallback ? 1 : 0) !== 0;
  }

  table(slot: number): FlatTable | undefined {
    return guarded(() => {
      const at = this.#placeOf(slot);
      return at === undefined ? undefined : this.#tableAt(at);
    });
  }

  text(slot: number): string | undefined {
    return guarded(() => {
      const vector = this.#vectorAt(slot, 1);
      if (vector === undefined) return undefined;
      const { buffer, byteOffset } = this.#view;
      return decoder.decode(new Uint8Array(buffer, byteOffset + vector.at, vector.length));
    });
  }

  tables(slot: number): readonly FlatTable[] {
    return guarded(() => {
      const vector = this.#vectorAt(slot, 4);
      return Array.from({ length: vector?.length ?? 0 }, (_, i) => {
        const at = (vector?.at ?? 0) + 4 * i;
        return this.#tableAt(at);
      });
    });
  }

  /** Structures that lie one after the other: for each, the numbers at these places in it. */
  structs(slot: number, sizeBytes: number, fields: readonly (readonly [offset: number, bytes: 4 | 8])[]): number[][] {
    return guarded(() => {
      const vector = this.#vectorAt(slot, sizeBytes);
      return Array.from({ length: vector?.length ?? 0 }, (_, i) => {
        const at = (vector?.at ?? 0) + sizeBytes * i;
        return fields.map(([offset, bytes]) => readInt(this.#view, at + offset, bytes));
      });
    });
  }

  #tableAt(at: number): FlatTable {
    return new FlatTable(this.#view, at + this.#view.getUint32(at, true), this.#work);
  }

  /** Where a field lies; the table says by which of its slots are filled. */
  #placeOf(slot: number): number | undefined {
    const slots = this.#at - this.#view.getInt32(this.#at, true);
    if (4 + 2 * slot >= this.#view.getUint16(slots, true)) return undefined;
    const offset = this.#view.getUint16(slots + 4 + 2 * slot, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  #vectorAt(slot: number, elementBytes: number): { readonly at: number; readonly length: number } | undefined {
    const place = this.#placeOf(slot);
    if (place === undefined) return undefined;
    const at = place + this.#view.getUint32(place, true);
    const length = this.#view.getUint32(at, true);
    if (at + 4 + length * elementBytes > this.#view.byteLength)
      throw new DecodeError("arrow", "a list is longer than the bytes that are left");
    this.#work.left -= 1 + length * elementBytes;
    if (this.#work.left < 0) throw new DecodeError("arrow", "their parts refer to one another too often");
    return { at: at + 4, length };
  }
}

function readInt(view: DataView, at: number, bytes: 1 | 2 | 4 | 8): number {
  if (bytes === 1) return view.getInt8(at);
  if (bytes === 2) return view.getInt16(at, true);
  return bytes === 4 ? view.getInt32(at, true) : Number(view.getBigInt64(at, true));
}

/** What reads outside of the bytes, or finds no text in them, says so in an error of the engine. */
function guarded<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError("arrow", "what describes them is damaged", { cause });
  }
}
