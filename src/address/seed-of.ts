import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import { sha256Hex } from "../util/digest/sha256.ts";

/**
 * The input of a seed: the recipe without names and versions, so that renaming or fixing a
 * generator changes no random number.
 */
export interface SeedRecipe {
  readonly draw: number;
  /** The own tracked params. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The seed digests of the dependencies by role. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Returns 64 hexadecimal digits. The first eight are the seed of this recipe, and the seeds of its
 * dependents are computed from all 64; see spec/seed.md.
 */
export function seedDigestOf(recipe: SeedRecipe, options: CanonicalOptions = {}): string {
  const { draw, params, dependencies } = recipe;
  return sha256Hex(encodeCanonical({ draw, params, dependencies }, options));
}

/** Returns the seed, an integer from 0 to 2^32 - 1. */
export function seedOfDigest(digest: string): number {
  return Number.parseInt(digest.slice(0, 8), 16);
}
