import type { Address } from "../address/address.ts";
import { isAddress } from "../address/address-of.ts";

/** Finds everything in a text that may be an address, for files that cannot be parsed. */
export function addressesIn(text: string): readonly Address[] {
  return [...new Set(text.match(/\b[0-9a-f]{64}\b/g) ?? [])].filter(isAddress);
}
