import type { Address } from "../../address/address.ts";
import { parseAddress } from "../../address/address-of.ts";

const ADDRESS_BYTES = 32;
/** An address consists of this many 32-bit numbers. The first one has its first digits. */
export const ADDRESS_WORDS = ADDRESS_BYTES / 4;
const FREE = -1;
/** There are at least twice as many slots as rows. */
const MIN_SLOT_BITS = 12;

/**
 * Finds the row of an address, with a fraction of the memory of a `Map` of texts. An address is a
 * hash already: its first bits choose its slot, so addresses with the same prefix are in
 * neighboring slots.
 */
export class AddressRows {
  #bytes = Buffer.alloc((ADDRESS_BYTES << MIN_SLOT_BITS) / 2);
  #words = viewOf(this.#bytes);
  /** For each slot its row. */
  #slots = new Int32Array(1 << MIN_SLOT_BITS).fill(FREE);
  #slotBits = MIN_SLOT_BITS;
  #count = 0;

  /** How many rows there are; an address that was added again counts twice. */
  get count(): number {
    return this.#count;
  }

  rowOf(address: Address): number | undefined {
    if (this.#count === 0) return undefined;
    this.offer(address);
    return this.rowOfOffered();
  }

  /** Writes an address after the last row. It becomes a row only when `addOffered` is called. */
  offer(address: Address): void {
    this.reserve(1);
    this.#bytes.write(address, this.#count * ADDRESS_BYTES, "hex");
  }

  /** Like `offer`, for an address in the numbers of {@link wordsOf}. */
  offerWords(words: readonly Uint32Array[], index: number): void {
    this.reserve(1);
    const start = this.#count * ADDRESS_BYTES;
    for (let word = 0; word < ADDRESS_WORDS; word++) this.#words.setUint32(start + word * 4, words[word]?.[index] ?? 0);
  }

  rowOfOffered(): number | undefined {
    const row = this.#slots[this.#slotOf(this.#count)] ?? FREE;
    return row === FREE ? undefined : row;
  }

  /**
   * Makes the offered address the next row. From then on, it is found instead of an earlier row of
   * the same address.
   */
  addOffered(): number {
    const row = this.#count;
    this.#slots[this.#slotOf(row)] = row;
    this.#count += 1;
    return row;
  }

  addressOf(row: number): Address {
    return parseAddress(this.#bytes.toString("hex", row * ADDRESS_BYTES, (row + 1) * ADDRESS_BYTES));
  }

  /** Compares two rows by their addresses. */
  compare(one: number, other: number): number {
    const [a, b] = [one * ADDRESS_BYTES, other * ADDRESS_BYTES];
    return this.#bytes.compare(this.#bytes, b, b + ADDRESS_BYTES, a, a + ADDRESS_BYTES);
  }

  /** The rows whose addresses begin with these digits, in lower case. */
  startingWith(digits: string): number[] {
    const rows: number[] = [];
    const mask = this.#slots.length - 1;
    const first = Number.parseInt(digits.slice(0, 8).padEnd(8, "0"), 16) >>> (32 - this.#slotBits);
    const last = Number.parseInt(digits.slice(0, 8).padEnd(8, "f"), 16) >>> (32 - this.#slotBits);
    for (let step = 0; step <= mask; step++) {
      const row = this.#slots[(first + step) & mask] ?? FREE;
      // If the slot of an address was taken, the address is in a later slot, before the next free
      // one. So a free slot at or after the last possible slot ends the search.
      if (row === FREE && first + step >= last) break;
      if (row !== FREE && this.addressOf(row).startsWith(digits)) rows.push(row);
    }
    return rows;
  }

  /** Returns one of the 32-bit numbers of which an address consists, for each of these rows. */
  wordsOf(rows: ArrayLike<number>, word: number): Uint32Array {
    const words = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) words[i] = this.#words.getUint32((rows[i] ?? 0) * ADDRESS_BYTES + word * 4);
    return words;
  }

  /**
   * Makes room for more rows. Without that, addresses that are added in order would crowd the first
   * slots of a table that grows step by step, and each would search long for a free slot.
   */
  reserve(more: number): void {
    // One more row holds the address that is offered or looked for.
    const rows = this.#count + more + 1;
    if (rows * ADDRESS_BYTES > this.#bytes.length) {
      const bytes = Buffer.alloc(Math.ceil(Math.max(rows, this.#count * 1.5) * 1.125) * ADDRESS_BYTES);
      this.#bytes.copy(bytes);
      this.#bytes = bytes;
      this.#words = viewOf(bytes);
    }
    if (rows * 2 <= this.#slots.length) return;
    this.#slotBits = Math.ceil(Math.log2(rows * 2));
    this.#slots = new Int32Array(2 ** this.#slotBits).fill(FREE);
    for (let row = 0; row < this.#count; row++) this.#slots[this.#slotOf(row)] = row;
  }

  /** Returns the slot of the address of a row, or the free slot that it would get. */
  #slotOf(row: number): number {
    const mask = this.#slots.length - 1;
    const start = row * ADDRESS_BYTES;
    let slot = this.#words.getUint32(start) >>> (32 - this.#slotBits);
    for (;;) {
      const other = this.#slots[slot] ?? FREE;
      if (other === FREE || this.#isSame(start, other * ADDRESS_BYTES)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSame(one: number, other: number): boolean {
    for (let offset = 0; offset < ADDRESS_BYTES; offset += 4)
      if (this.#words.getUint32(one + offset) !== this.#words.getUint32(other + offset)) return false;
    return true;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
