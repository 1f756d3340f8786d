import type { Address } from "../../address/address.ts";
import { parseAddress } from "../../address/address-of.ts";

/** The bytes of one address. */
export const ADDRESS_BYTES = 32;
const FREE = -1;

/** Finds the row of an address: a map that takes a fraction of the memory of one of texts. */
export class AddressRows {
  #bytes = Buffer.alloc(1024 * ADDRESS_BYTES);
  /** For each slot its row. An address is a hash already, and its first bytes choose the slot. */
  #slots = new Int32Array(4096).fill(FREE);
  #count = 0;

  /** How many rows there are; an address that was added again counts twice. */
  get count(): number {
    return this.#count;
  }

  /** Adds the next row. It is found instead of an earlier row of the same address. */
  add(address: Address): number {
    const row = this.#count;
    if ((row + 1) * ADDRESS_BYTES > this.#bytes.length) this.#grow();
    this.#bytes.write(address, row * ADDRESS_BYTES, "hex");
    this.#count += 1;
    this.#slots[this.#slotOf(row)] = row;
    return row;
  }

  rowOf(address: Address): number | undefined {
    // The row after the last one is free, and serves as what is looked for.
    if ((this.#count + 1) * ADDRESS_BYTES > this.#bytes.length) this.#grow();
    this.#bytes.write(address, this.#count * ADDRESS_BYTES, "hex");
    const row = this.#slots[this.#slotOf(this.#count)] ?? FREE;
    return row === FREE ? undefined : row;
  }

  addressOf(row: number): Address {
    return parseAddress(this.#bytes.toString("hex", row * ADDRESS_BYTES, (row + 1) * ADDRESS_BYTES));
  }

  /** The rows whose addresses begin with these digits, at least two, in lower case. */
  startingWith(digits: string): number[] {
    const [first, second] = Buffer.from(digits.slice(0, 4), "hex");
    const rows: number[] = [];
    for (let row = 0, start = 0; row < this.#count; row++, start += ADDRESS_BYTES) {
      if (this.#bytes[start] !== first) continue;
      if (second !== undefined && this.#bytes[start + 1] !== second) continue;
      if (this.addressOf(row).startsWith(digits)) rows.push(row);
    }
    return rows;
  }

  /** The addresses of all rows, one after the other. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#count * ADDRESS_BYTES);
  }

  /** The slot of the address of a row, or the free one that it would get. */
  #slotOf(row: number): number {
    const mask = this.#slots.length - 1;
    const start = row * ADDRESS_BYTES;
    let slot = this.#bytes.readUInt32LE(start) & mask;
    for (;;) {
      const other = this.#slots[slot] ?? FREE;
      if (other === FREE || this.#isSame(start, other * ADDRESS_BYTES)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSame(one: number, other: number): boolean {
    return this.#bytes.compare(this.#bytes, other, other + ADDRESS_BYTES, one, one + ADDRESS_BYTES) === 0;
  }

  #grow(): void {
    const bytes = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(FREE);
    for (let row = 0; row < this.#count; row++) this.#slots[this.#slotOf(row)] = row;
  }
}
