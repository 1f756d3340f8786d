import type { Address } from "../address/address.ts";

/** Marks where the lineage in a params tree was cut: only the address below it is known. */
export class CutLineage {
  readonly address: Address;

  constructor(address: Address) {
    this.address = address;
  }
}
