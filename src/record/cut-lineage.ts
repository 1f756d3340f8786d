import type { Address } from "../address/address.ts";

/** Stands in a params tree where the lineage was cut: only the address of what was there is known. */
export class CutLineage {
  readonly address: Address;

  constructor(address: Address) {
    this.address = address;
  }
}
