import { describe, expect, test } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { addressOf, parseAddress, shortAddress } from "../../src/address/address-of.ts";
import { InvalidAddressError, UnsupportedValueError } from "../../src/errors/params-errors.ts";

const upstream = "0123456789abcdef".repeat(4) as Address;
const base = { name: "points", params: { n: 1 }, dependencies: {} };

describe("an address", () => {
  test("does not tell an absent version and draw from an undefined version and a draw of 0", () => {
    expect(addressOf({ ...base, version: undefined, draw: 0 })).toBe(addressOf(base));
  });

  test("differs for every other part of the recipe", () => {
    const recipes = [
      base,
      { ...base, name: "point" },
      { ...base, params: { n: 2 } },
      { ...base, params: {} },
      { ...base, version: 1 },
      { ...base, version: "1" },
      { ...base, version: "" },
      { ...base, version: 0 },
      { ...base, draw: 1 },
      { ...base, dependencies: { a: upstream } },
      { ...base, dependencies: { b: upstream } },
      { ...base, dependencies: { a: upstream, b: upstream } },
      { ...base, params: { n: 1, dependencies: { a: upstream } } },
    ];
    expect(new Set(recipes.map((recipe) => addressOf(recipe))).size).toBe(recipes.length);
  });

  test("does not depend on the order of dependencies", () => {
    const other = "f".repeat(64) as Address;
    const one = addressOf({ ...base, dependencies: { a: upstream, b: other } });
    expect(addressOf({ ...base, dependencies: { b: other, a: upstream } })).toBe(one);
  });

  test("of unsupported params is refused with a path that begins at params", () => {
    const recipe = { ...base, params: { model: { retry: () => 3 } } };
    expect(() => addressOf(recipe)).toThrow(UnsupportedValueError);
    expect(() => addressOf(recipe)).toThrow(/^params\.model\.retry is a function/);
  });
});

describe("text", () => {
  test("that is an address is one, and shortens to eight digits", () => {
    expect(parseAddress(upstream)).toBe(upstream);
    expect(shortAddress(parseAddress(upstream))).toBe("01234567");
  });

  test.each<[string, unknown]>([
    ["upper-case", upstream.toUpperCase()],
    ["too short", upstream.slice(1)],
    ["too long", `${upstream}0`],
    ["with a line end", `${upstream}\n`],
    ["not hexadecimal", "g".repeat(64)],
    ["empty", ""],
    ["no text at all", undefined],
  ])("that is %s is refused", (_what, text) => {
    expect(() => parseAddress(text as string)).toThrow(InvalidAddressError);
  });
});
