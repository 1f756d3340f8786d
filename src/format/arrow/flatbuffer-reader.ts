import { DecodeError } from "../../errors/format-errors.ts";
import { isOutOfResources } from "../out-of-resources.ts";

/**
 * How many bytes may still be read. In a FlatBuffer many places may refer to the same bytes, so a
 * small hostile one could otherwise take forever.
 */
interface Work {
  left: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A table of FlatBuffers, the encoding in which Arrow describes its files. Fields are read where
 * they lie, never beyond the bytes, and a vector is never longer than the bytes that are left. So
 * hostile bytes cost no more work than their own length.
 *
 * See https://flatbuffers.dev/internals/ for the encoding.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #work: Work;

  /** @param at - the offset in `view` at which the table begins */
  private constructor(view: DataView, at: number, work: Work) {
    this.#view = view;
    this.#at = at;
    this.#work = work;
  }

  /** Returns the table at the root of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const work = { left: 4096 + 4 * bytes.length };
    return guarded(() => new FlatTable(view, view.getUint32(0, true), work));
  }

  /**
   * Returns a signed number of the given width, or `fallback` if the field is absent. A number of
   * 64 bits beyond 2^53 is rounded.
   */
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

  /** Reads a vector of structs, and returns from each the numbers at the given offsets in it. */
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

  /** Looks a field up in the table's slots. Returns its offset, or `undefined` if it is absent. */
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

/**
 * Calls `read`, and turns the engine's errors into a `DecodeError`: a read beyond the bytes throws
 * a RangeError, and bytes that are not UTF-8 a TypeError.
 */
function guarded<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError("arrow", "what describes them is damaged", { cause });
  }
}
