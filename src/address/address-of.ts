import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import { InvalidAddressError } from "../errors/params-errors.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import type { Address } from "./address.ts";

/** The scheme by which addresses are computed: spec/address.md. */
export const ADDRESS_SCHEME = "persistable/1";

/** The input of the hash. */
export interface Recipe {
  readonly name: string;
  readonly version?: string | number | undefined;
  readonly draw?: number | undefined;
  /** The tracked params alone. */
  readonly params: unknown;
  /** The upstream addresses by role. */
  readonly dependencies: Readonly<Record<string, Address>>;
}

/**
 * Returns the address of a recipe: the sha256 of its canonical bytes.
 *
 * @throws {@link UnsupportedValueError} with the path of the value that cannot be represented.
 *
 * @example
 * ```ts
 * import { addressOf } from "persistable-ts";
 *
 * addressOf({ name: "points", params: { n: 100 }, dependencies: {} });
 * ```
 */
export function addressOf(recipe: Recipe, options: Pick<CanonicalOptions, "classes"> = {}): Address {
  // Paths in messages begin at `params`, as users write them.
  return hashToAddress(encodeCanonical(hashedOf(recipe), { ...options, root: "" }));
}

/** Returns the address of a recipe from its canonical bytes. */
export function hashToAddress(canonical: Uint8Array): Address {
  return sha256Hex(canonical) as Address;
}

/** Returns the value whose canonical bytes are hashed. */
export function hashedOf({ name, version, draw = 0, params, dependencies }: Recipe): Readonly<Record<string, unknown>> {
  return {
    ...(Object.keys(dependencies).length === 0 ? {} : { dependencies }),
    ...(draw === 0 ? {} : { draw }),
    name,
    params,
    scheme: ADDRESS_SCHEME,
    ...(version === undefined ? {} : { version }),
  };
}

/**
 * Checks that a text is an address.
 *
 * @throws {@link InvalidAddressError}
 *
 * @example
 * ```ts
 * import { parseAddress } from "persistable-ts";
 *
 * const address = parseAddress("3f9a1c2e".repeat(8));
 * ```
 */
export function parseAddress(text: string): Address {
  if (!isAddress(text)) throw new InvalidAddressError(text);
  return text;
}

/** Whether a value is an address. */
export function isAddress(text: unknown): text is Address {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

/**
 * Returns the first eight digits, for people.
 *
 * @example
 * ```ts
 * import { shortAddress } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * shortAddress(estimator.address); // "3f9a1c2e"
 * ```
 */
export function shortAddress(address: Address): string {
  return address.slice(0, 8);
}
