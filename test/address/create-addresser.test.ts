import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { addressOf, type Recipe } from "../../src/address/address-of.ts";
import { createAddresser, type RecipeHead } from "../../src/address/create-addresser.ts";
import { InvalidAddressError } from "../../src/errors/params-errors.ts";

type Params = Readonly<Record<string, unknown>>;

function addressBySlowDoor(head: RecipeHead, params: Params, dependencies: readonly Address[]): Address {
  const byRole = Object.fromEntries(head.roles.map((role, i) => [role, dependencies[i] as Address]));
  return addressOf({ ...head, params, dependencies: byRole } as Recipe);
}

const address = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex") as Address);
const key = fc.oneof(
  fc.constantFrom("a", "b", "n", "__proto__", "constructor", "10", "9", "", "é", "\ud800", "x".repeat(200)),
  fc.string(),
);
const param = fc.oneof(
  fc.double(),
  fc.constantFrom<unknown>(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, 2 ** 53),
  fc.boolean(),
  fc.string({ maxLength: 70 }),
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom<unknown>("", "x".repeat(63), "x".repeat(64), "x".repeat(65), "\x7f", "\x80", "\xff"),
  fc.constantFrom<unknown>(null, undefined, 1n, [1], { a: 1 }, new Date(0)),
);
/** Objects have own keys of any name, in the order given. */
const params: fc.Arbitrary<Params> = fc
  .uniqueArray(fc.tuple(key, param), { maxLength: 10, selector: ([name]) => name })
  .map((entries) => Object.fromEntries(entries));
const head: fc.Arbitrary<RecipeHead> = fc.record({
  name: fc.oneof(fc.constantFrom("points", "Größe"), fc.string()),
  version: fc.option(fc.oneof(fc.string(), fc.double({ noNaN: true })), { nil: undefined }),
  draw: fc.option(fc.nat(), { nil: undefined }),
  roles: fc.uniqueArray(key, { maxLength: 4 }),
});

describe("the quick address", () => {
  test("is the address, whatever was asked for before", () => {
    const calls = fc.array(fc.tuple(params, fc.infiniteStream(address)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(head, calls, (one, all) => {
        const addresser = createAddresser(one);
        for (const [own, stream] of [...all, ...all]) {
          const dependencies = one.roles.map(() => stream.next().value as Address);
          expect(addresser(own, dependencies)).toBe(addressBySlowDoor(one, own, dependencies));
        }
      }),
      { numRuns: 150 },
    );
  });

  test("follows values through one shape, in which kinds and lengths change from call to call", () => {
    const one: RecipeHead = { name: "points", roles: [] };
    const values = fc.array(fc.tuple(param, param), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, (pairs) => {
        const addresser = createAddresser(one);
        for (const [n, s] of pairs) expect(addresser({ n, s }, [])).toBe(addressBySlowDoor(one, { n, s }, []));
      }),
      { numRuns: 150 },
    );
  });

  test("stays the address beyond the shapes, layouts and fields that are kept", () => {
    const one: RecipeHead = { name: "points", roles: [] };
    const addresser = createAddresser(one);
    for (let i = 0; i < 20; i++) {
      for (const own of [{ [`k${i}`]: 1 }, { a: "x".repeat(i * 4), b: "y".repeat(60 - i) }]) {
        expect(addresser(own, [])).toBe(addressBySlowDoor(one, own, []));
      }
      for (let j = 0; j < 20; j++) {
        const own = { a: "x".repeat(i), b: "y".repeat(j) };
        expect(addresser(own, [])).toBe(addressBySlowDoor(one, own, []));
      }
      const wide = Object.fromEntries(Array.from({ length: i }, (_, k) => [`f${k}`, k]));
      expect(addresser(wide, [])).toBe(addressBySlowDoor(one, wide, []));
    }
  });

  test("is the address of lists and objects of primitives, too", () => {
    const primitive = param.filter((value) => typeof value !== "object" || value === null);
    const shallow = fc.oneof(
      primitive,
      fc.array(primitive, { maxLength: 5 }),
      fc.uniqueArray(fc.tuple(key, primitive), { maxLength: 4, selector: ([name]) => name }).map(Object.fromEntries),
    );
    // The same keys again and again, so that layouts are found again with other values.
    const some = fc.array(fc.tuple(shallow, shallow, primitive), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(some, (all) => {
        const addresser = createAddresser({ name: "points", roles: [] });
        for (const [a, b, c] of [...all, ...all])
          for (const own of [
            { a, b, c },
            { a: { c }, b: [c, 1] },
            { b: [c], a: { b: c, c: 2 } },
          ])
            expect(addresser(own, [], true)).toBe(addressBySlowDoor({ name: "points", roles: [] }, own, []));
      }),
      { numRuns: 150 },
    );
  });

  test("gives away no buffer: an address once given stays as it was", () => {
    const addresser = createAddresser({ name: "points", roles: ["a"] });
    const upstream = "ab".repeat(32) as Address;
    const first = addresser({ n: 1 }, [upstream]);
    const copy = `${first}`;
    addresser({ n: 2 }, ["cd".repeat(32) as Address]);
    expect(first).toBe(copy);
    expect(addresser({ n: 1 }, [upstream])).toBe(first);
  });

  test("serves the encoding of instances too", () => {
    class Money {
      readonly amount = 3;
    }
    const classes = [{ name: "Money", class: Money, encode: () => ({ amount: 3 }), decode: () => new Money() }];
    const own = { price: new Money() };
    const expected = addressOf({ name: "x", params: own, dependencies: {} }, { classes });
    expect(createAddresser({ name: "x", roles: [] }, { classes })(own, [])).toBe(expected);
  });

  test.each([
    ["no address where there is a role", []],
    ["one too few", ["ab".repeat(32)]],
    ["a short one", ["ab".repeat(32), "ab"]],
    ["none", ["ab".repeat(32), undefined]],
    ["text that is no address", ["ab".repeat(32), "é".repeat(64)]],
  ])("refuses %s", (_what, dependencies) => {
    const addresser = createAddresser({ name: "x", roles: ["a", "b"] });
    addresser({ n: 1 }, ["ab".repeat(32), "cd".repeat(32)] as Address[]);
    expect(() => addresser({ n: 1 }, dependencies as Address[])).toThrow(InvalidAddressError);
  });

  test("refuses more addresses than there are roles, and a role that stands twice", () => {
    const addresser = createAddresser({ name: "x", roles: [] });
    expect(() => addresser({}, ["ab".repeat(32) as Address])).toThrow(/has 0 roles/);
    expect(() => createAddresser({ name: "x", roles: ["a", "a"] })).toThrow(TypeError);
  });
});

describe("with a polluted Object.prototype", () => {
  afterEach(() => {
    delete (Object.prototype as { m?: unknown }).m;
  });

  test("the quick address takes nothing inherited for a parameter", () => {
    const one: RecipeHead = { name: "x", roles: [] };
    const addresser = createAddresser(one);
    const without = addressBySlowDoor(one, { n: 1 }, []);
    const withBoth = addresser({ n: 1, m: 2 }, []);
    Object.defineProperty(Object.prototype, "m", { value: 2, enumerable: true, configurable: true, writable: true });
    expect(addresser({ n: 1 }, [])).toBe(without);
    expect(createAddresser(one)({ n: 1 }, [])).toBe(without);
    expect(without).not.toBe(withBoth);
  });
});
