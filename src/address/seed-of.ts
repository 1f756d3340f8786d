import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import { sha256Hex } from "../util/digest/sha256.ts";

/** What a seed is made of: the recipe without names and versions, so that renaming or fixing a generator changes no random number. */
export interface SeedRecipe {
  readonly draw: number;
  /** Own tracked params. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Role → seed digest of the dependency. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The 64 hexadecimal digits whose first eight are the seed, and by which dependents know it; spec/seed.md. */
export function seedDigestOf(recipe: SeedRecipe, options: CanonicalOptions = {}): string {
  const { draw, params, dependencies } = recipe;
  return sha256Hex(encodeCanonical({ draw, params, dependencies }, options));
}

/** An integer from 0 to 2^32 - 1. */
export function seedOfDigest(digest: string): number {
  return Number.parseInt(digest.slice(0, 8), 16);
}
