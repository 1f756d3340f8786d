import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import { InvalidAddressError } from "../errors/params-errors.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import type { Address } from "./address.ts";

/** How addresses are computed: spec/address.md. */
export const ADDRESS_SCHEME = "persistable/1";

/** What is hashed. */
export interface Recipe {
  readonly name: string;
  readonly version?: string | number | undefined;
  readonly draw?: number | undefined;
  /** Tracked params alone. */
  readonly params: unknown;
  /** Upstream addresses by role. */
  readonly dependencies: Readonly<Record<string, Address>>;
}

/**
 * The address of a recipe: sha256 of its canonical bytes.
 *
 * @throws {@link UnsupportedValueError} with the path of what cannot be represented.
 *
 * @example
 * ```ts
 * addressOf({ name: "points", params: { n: 100 }, dependencies: {} });
 * ```
 */
export function addressOf(recipe: Recipe, options: Pick<CanonicalOptions, "classes"> = {}): Address {
  // Paths in messages begin at `params`, as one sees them.
  return sha256Hex(encodeCanonical(hashedOf(recipe), { ...options, root: "" })) as Address;
}

/** The value whose canonical bytes are hashed. */
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
 * An address that came as text.
 *
 * @throws {@link InvalidAddressError}
 */
export function parseAddress(text: string): Address {
  if (typeof text !== "string" || !/^[0-9a-f]{64}$/.test(text)) throw new InvalidAddressError(text);
  return text as Address;
}

/** The first eight digits, for people. */
export function shortAddress(address: Address): string {
  return address.slice(0, 8);
}
