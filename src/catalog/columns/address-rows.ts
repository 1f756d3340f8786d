import type { Address } from "../../address/address.ts";
import { parseAddress } from "../../address/address-of.ts";
import { RowNumbers } from "./row-numbers.ts";

const ADDRESS_BYTES = 32;
/** An address consists of this many 32-bit numbers. The first one has its first digits. */
export const ADDRESS_WORDS = ADDRESS_BYTES / 4;
const FREE = -1;
/** There are at least twice as many slots as rows. */
const MIN_SLOT_BITS = 12;
/**
 * A look-up gives slots to this many more rows at most, which takes a fraction of a millisecond: a
 * process that looks for one address among a million does not wait until all rows have one.
 */
const PLACED_AT_ONCE = 2048;

/**
 * Finds the row of an address, with a fraction of the memory of a `Map` of texts. An address is a
 * hash already: its first bits choose its slot, so addresses with the same prefix are in
 * neighboring slots.
 */
export class AddressRows {
  /** For each place in an address the 32-bit numbers of all rows. */
  #words: readonly RowNumbers<Uint32Array>[] = Array.from({ length: ADDRESS_WORDS }, () => new RowNumbers(newWords));
  /** For each slot its row. */
  #slots = new Int32Array(1 << MIN_SLOT_BITS).fill(FREE);
  #slotBits = MIN_SLOT_BITS;
  #count = 0;
  /** The first rows, which have a slot. The others get one when addresses are looked for. */
  #placed = 0;
  /** The address that is looked for, or that becomes the next row. */
  readonly #offered = new Uint32Array(ADDRESS_WORDS);
  readonly #bytes = Buffer.alloc(ADDRESS_BYTES);
  /** The last answer: a caller often asks for the same address several times in a row. */
  #asked: { readonly address: Address; readonly row: number | undefined; readonly count: number } | undefined;

  /** How many rows there are; an address that was added again counts twice. */
  get count(): number {
    return this.#count;
  }

  rowOf(address: Address): number | undefined {
    if (this.#count === 0) return undefined;
    if (this.#asked?.address === address && this.#asked.count === this.#count) return this.#asked.row;
    this.offer(address);
    const row = this.rowOfOffered();
    this.#asked = { address, row, count: this.#count };
    return row;
  }

  /** Notes an address. It becomes a row only when `addOffered` is called. */
  offer(address: Address): void {
    this.#bytes.write(address, "hex");
    for (let word = 0; word < ADDRESS_WORDS; word++) this.#offered[word] = this.#bytes.readUInt32BE(word * 4);
  }

  /** Like `offer`, for an address in the numbers of {@link wordsOf}. */
  offerWords(words: readonly Uint32Array[], index: number): void {
    for (let word = 0; word < ADDRESS_WORDS; word++) this.#offered[word] = words[word]?.[index] ?? 0;
  }

  rowOfOffered(): number | undefined {
    this.#place(PLACED_AT_ONCE);
    const row = this.#placed === this.#count ? (this.#slots[this.#slotOfOffered()] ?? FREE) : this.#search();
    return row === FREE ? undefined : row;
  }

  /** Looks for the last row of the offered address. */
  #search(): number {
    const wanted = this.#offered[0] ?? 0;
    for (const { values, start } of this.#words[0]?.parts().toReversed() ?? [])
      for (let at = values.lastIndexOf(wanted); at !== -1; at = at === 0 ? -1 : values.lastIndexOf(wanted, at - 1))
        if (start + at < this.#count && this.#isOffered(start + at)) return start + at;
    return FREE;
  }

  /**
   * Makes the offered address the next row. From then on, it is found instead of an earlier row of
   * the same address.
   */
  addOffered(): number {
    const row = this.#count;
    for (let word = 0; word < ADDRESS_WORDS; word++) this.#words[word]?.set(row, this.#offered[word] ?? 0);
    this.#count = row + 1;
    if (this.#placed === row) this.#place(this.#count);
    return row;
  }

  /** Makes all addresses in the numbers of {@link wordsOf} rows. The table must be empty. */
  setFirst(words: readonly Uint32Array[], count: number): void {
    this.#words = words.map((each) => new RowNumbers(newWords, each));
    this.#count = count;
  }

  addressOf(row: number): Address {
    for (let word = 0; word < ADDRESS_WORDS; word++)
      this.#bytes.writeUInt32BE(this.#words[word]?.at(row) ?? 0, word * 4);
    return parseAddress(this.#bytes.toString("hex"));
  }

  /** Compares two rows by their addresses. */
  compare(one: number, other: number): number {
    for (const words of this.#words) {
      const difference = (words.at(one) ?? 0) - (words.at(other) ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The rows whose addresses begin with these digits, in lower case. */
  startingWith(digits: string): number[] {
    this.#place(PLACED_AT_ONCE);
    const least = Number.parseInt(digits.slice(0, 8).padEnd(8, "0"), 16);
    const greatest = Number.parseInt(digits.slice(0, 8).padEnd(8, "f"), 16);
    return this.#placed === this.#count
      ? this.#placedBetween(least, greatest, digits)
      : this.#allBetween(least, greatest, digits);
  }

  #allBetween(least: number, greatest: number, digits: string): number[] {
    const rows: number[] = [];
    for (const { values, start } of this.#words[0]?.parts() ?? []) {
      let at = placeBetween(values, least, greatest, 0);
      for (; at !== -1 && start + at < this.#count; at = placeBetween(values, least, greatest, at + 1))
        if (this.addressOf(start + at).startsWith(digits)) rows.push(start + at);
    }
    return rows;
  }

  #placedBetween(least: number, greatest: number, digits: string): number[] {
    const rows: number[] = [];
    const mask = this.#slots.length - 1;
    const [first, last] = [this.#slotFor(least), this.#slotFor(greatest)];
    for (let step = 0; step <= mask; step++) {
      const row = this.#slots[(first + step) & mask] ?? FREE;
      // If the slot of an address was taken, the address is in a later slot, before the next free
      // one. So a free slot at or after the last possible slot ends the search.
      if (row === FREE && first + step >= last) break;
      if (row !== FREE && this.addressOf(row).startsWith(digits)) rows.push(row);
    }
    return rows;
  }

  /** Returns the first 53 bits of each of these addresses, as a number in their order. */
  beginningsOf(rows: Int32Array): Float64Array {
    const [first, second] = this.#words;
    const beginnings = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      beginnings[i] = (first?.at(row) ?? 0) * 2 ** 21 + ((second?.at(row) ?? 0) >>> 11);
    }
    return beginnings;
  }

  /** Returns one of the 32-bit numbers of which an address consists, for each of these rows. */
  wordsOf(rows: ArrayLike<number>, word: number): Uint32Array {
    const own = this.#words[word];
    const words = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) words[i] = own?.at(rows[i] ?? 0) ?? 0;
    return words;
  }

  /**
   * Makes room for more rows. Without that, addresses that are added in order would crowd the first
   * slots of a table that grows step by step, and each would search long for a free slot.
   */
  reserve(more: number): void {
    // For a few more rows, it is not worth giving new slots to all.
    if (more * 64 > this.#count) this.#reserveSlots(this.#count + more);
    for (const words of this.#words) words.reserve(this.#count + more);
  }

  #reserveSlots(rows: number): void {
    if (rows * 2 <= this.#slots.length) return;
    this.#slotBits = Math.ceil(Math.log2(rows * 2));
    this.#slots = new Int32Array(2 ** this.#slotBits).fill(FREE);
    this.#placed = 0;
  }

  /** Gives a slot to some rows that have none. */
  #place(most: number): void {
    if (this.#placed === this.#count) return;
    this.#reserveSlots(this.#count);
    const offered = this.#offered.slice();
    const end = Math.min(this.#count, this.#placed + most);
    for (; this.#placed < end; this.#placed += 1) {
      for (let word = 0; word < ADDRESS_WORDS; word++) this.#offered[word] = this.#words[word]?.at(this.#placed) ?? 0;
      this.#slots[this.#slotOfOffered()] = this.#placed;
    }
    this.#offered.set(offered);
  }

  /** The slot that an address with this first word gets, if the slot is free. */
  #slotFor(word: number): number {
    return word >>> (32 - this.#slotBits);
  }

  /** Returns the slot of the offered address, or the free slot that it would get. */
  #slotOfOffered(): number {
    const mask = this.#slots.length - 1;
    let slot = this.#slotFor(this.#offered[0] ?? 0);
    for (;;) {
      const row = this.#slots[slot] ?? FREE;
      if (row === FREE || this.#isOffered(row)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isOffered(row: number): boolean {
    for (let word = 0; word < ADDRESS_WORDS; word++)
      if (this.#words[word]?.at(row) !== this.#offered[word]) return false;
    return true;
  }
}

function newWords(length: number): Uint32Array {
  return new Uint32Array(length);
}

/** The first place from `start` on with a word in this range; -1 if there is none. */
function placeBetween(words: Uint32Array, least: number, greatest: number, start: number): number {
  // The search of the engine is fast at once; a loop of ours takes ten times as long at first.
  if (least === greatest) return words.indexOf(least, start);
  for (let place = start; place < words.length; place++) {
    const word = words[place] ?? 0;
    if (word >= least && word <= greatest) return place;
  }
  return -1;
}
