import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { addressOf, type Recipe } from "../../src/address/address-of.ts";
import { createAddresser } from "../../src/address/create-addresser.ts";
import { type SeedRecipe, seedDigestOf, seedOfDigest } from "../../src/address/seed-of.ts";
import { decodeTagged } from "../../src/canonical/decode-tagged.ts";
import { encodeCanonical } from "../../src/canonical/encode-canonical.ts";
import { encodeTagged, type JsonValue } from "../../src/canonical/tagged-json.ts";
import { money, sampleRecipes, sampleSeeds, sampleValues } from "./sample-values.ts";

const spec = path.resolve(import.meta.dirname, "../../spec");
const options = { classes: [money] };
/** Longer ones are in the file by their sha256. */
const MAX_BYTES = 600;

interface ValueVector {
  readonly id: string;
  readonly value: JsonValue;
  readonly bytes?: string;
  readonly sha256?: string;
}

function vectorOf(id: string, value: unknown): ValueVector {
  const bytes = Buffer.from(encodeCanonical(value, options));
  const json = encodeTagged(value, options);
  return bytes.length <= MAX_BYTES
    ? { id, value: json, bytes: bytes.toString("hex") }
    : { id, value: json, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const valuesFile = path.join(spec, "vectors", "values.json");
const recipesFile = path.join(spec, "vectors", "recipes.json");

function recipeVectors() {
  return sampleRecipes.map(({ id, recipe }) => ({
    id,
    recipe,
    address: addressOf({ ...recipe, params: decodeTagged(recipe.params as JsonValue) } as Recipe),
  }));
}

const seedsFile = path.join(spec, "vectors", "seeds.json");

interface SeedVector {
  readonly id: string;
  readonly recipe: object;
  readonly digest: string;
  readonly seed: number;
}

function seedVectors(): SeedVector[] {
  return sampleSeeds.map(({ id, recipe }) => {
    const digest = seedDigestOf({ ...recipe, params: decodeTagged(recipe.params as JsonValue) } as SeedRecipe);
    return { id, recipe, digest, seed: seedOfDigest(digest) };
  });
}

// A change of these files changes the address of every artifact there is: only ever append, with
// PERSISTABLE_WRITE_VECTORS=1.
if (process.env.PERSISTABLE_WRITE_VECTORS === "1") {
  writeFileSync(
    valuesFile,
    `${JSON.stringify({ scheme: "persistable/1", vectors: sampleValues.map(([id, value]) => vectorOf(id, value)) }, undefined, 1)}\n`,
  );
  writeFileSync(
    recipesFile,
    `${JSON.stringify({ scheme: "persistable/1", vectors: recipeVectors() }, undefined, 1)}\n`,
  );
  writeFileSync(seedsFile, `${JSON.stringify({ vectors: seedVectors() }, undefined, 1)}\n`);
}

describe("golden vectors", () => {
  const values = (JSON.parse(readFileSync(valuesFile, "utf8")) as { vectors: ValueVector[] }).vectors;
  const recipes = (
    JSON.parse(readFileSync(recipesFile, "utf8")) as { vectors: { id: string; recipe: Recipe; address: string }[] }
  ).vectors;

  test.each(sampleValues.map(([id, value]) => ({ id, value })))(
    "$id has the bytes that are written down",
    ({ id, value }) => {
      expect(vectorOf(id, value)).toEqual(values.find((vector) => vector.id === id));
    },
  );

  test("every vector decodes to a value with the same bytes", () => {
    for (const { id, value, bytes, sha256 } of values) {
      const encoded = Buffer.from(encodeCanonical(decodeTagged(value, options), options));
      expect(
        bytes === undefined ? createHash("sha256").update(encoded).digest("hex") : encoded.toString("hex"),
        id,
      ).toBe(bytes ?? sha256);
    }
  });

  test("no two vectors have the same bytes, apart from a Buffer and its bytes", () => {
    const all = values.map(({ bytes, sha256 }) => bytes ?? sha256);
    expect(new Set(all).size).toBe(all.length - 1);
  });

  test("recipes have the addresses that are written down, the quick way too", () => {
    expect(recipeVectors()).toEqual(recipes);
    for (const { recipe, address } of recipes) {
      const { name, version, draw, dependencies } = recipe;
      const addresser = createAddresser({ name, version, draw, roles: Object.keys(dependencies) });
      expect(
        addresser(decodeTagged(recipe.params as JsonValue) as Record<string, unknown>, Object.values(dependencies)),
      ).toBe(address);
    }
  });

  const seeds = (JSON.parse(readFileSync(seedsFile, "utf8")) as { vectors: SeedVector[] }).vectors;

  test("seeds are those that are written down, the first four bytes of their digests", () => {
    expect(seedVectors()).toEqual(seeds);
    for (const { digest, seed } of seeds) expect(Buffer.from(digest, "hex").readUInt32BE()).toBe(seed);
  });

  const python = ["/usr/bin/python3", "/usr/local/bin/python3"].find((file) => existsSync(file));
  test.skipIf(python === undefined && process.env.CI !== "true")(
    "an implementation in another language agrees (python3)",
    () => {
      const printed = execFileSync(python ?? "python3", [path.join(spec, "check-vectors.py")], { encoding: "utf8" });
      expect(printed).toBe(`${values.length + recipes.length + seeds.length} vectors agree\n`);
    },
  );
});
