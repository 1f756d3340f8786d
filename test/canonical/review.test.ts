import vm from "node:vm";
import { describe, expect, test } from "vitest";
import { BinaryDigest } from "../../src/canonical/binary-digest.ts";
import { decodeTagged } from "../../src/canonical/decode-tagged.ts";
import { encodeCanonical } from "../../src/canonical/encode-canonical.ts";
import { encodeTagged, type JsonValue } from "../../src/canonical/tagged-json.ts";
import { TaggedJsonError, UnsupportedValueError } from "../../src/errors/params-errors.ts";
import { findCredentials } from "../../src/params/credentials.ts";
import { type ClassCodec, defineClass } from "../../src/util/class-codec.ts";
import { createDigestCollector, digestOf } from "../../src/util/digest/digest.ts";
import { jsonDepth } from "../../src/util/json/json-depth.ts";

const gap = test;

const hex = (value: unknown, classes: readonly ClassCodec[] = []): string =>
  Buffer.from(encodeCanonical(value, { classes })).toString("hex");
const depthOf = (value: unknown): number => jsonDepth(Buffer.from(JSON.stringify(encodeTagged(value))), 1000);

function expectRefusal(value: unknown, path: string, classes: readonly ClassCodec[] = []): void {
  expect(() => encodeCanonical({ a: [value] }, { root: "params", classes })).toThrow(
    expect.objectContaining({ name: "UnsupportedValueError", path }),
  );
}

describe("different values are told apart", () => {
  gap.each<[string, unknown]>([
    ["a typed array with a property of its own", Object.assign(new Float64Array(2), { unit: "C" })],
    ["a long one", Object.assign(new Float64Array(5000), { unit: "C" })],
    ["an ArrayBuffer with one", Object.assign(new ArrayBuffer(2), { unit: "C" })],
    ["a DataView with one", Object.assign(new DataView(new ArrayBuffer(2)), { unit: "C" })],
    ["a URL with one", Object.assign(new URL("https://example.com"), { unit: "C" })],
    ["a subclass of a built-in with the same name", sameNamedSubclass()],
    ["one of another realm", vm.runInNewContext("new (class Map extends globalThis.Map {})([[1, 2]])")],
    ["a subclass with a misleading property", misleadingSubclass()],
  ])("%s is refused, since something of it would be lost", (_what, value) => {
    expectRefusal(value, "params.a[0]");
  });

  gap("instances of two classes that are declared under one name are refused", () => {
    const [A, B] = [class Point {}, class Point {}];
    const classes = [A, B].map((Class) => defineClass(Class, { encode: () => 0, decode: () => new Class() }));
    expectRefusal(new A(), "params.a[0]", classes);
  });

  gap("a list that a codec changes meanwhile is encoded as it was", () => {
    class Spoiler {}
    const list: unknown[] = [new Spoiler(), 1, 2];
    const encode = (): number => {
      list.length = 1;
      return 0;
    };
    const spoiler = defineClass(Spoiler, { encode, decode: () => new Spoiler() });
    expect(hex(list, [spoiler])).toBe(`610363${hex("Spoiler")}${hex(0)}${hex(1)}${hex(2)}`);
  });
});

describe("equal values are alike", () => {
  gap("a NaN in a typed array is a NaN, whichever bits the processor gave it", () => {
    const signed = new Float64Array(Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0xff).buffer);
    const payload = new Float64Array(Uint8Array.of(1, 0, 0, 0, 0, 0, 0xf0, 0x7f).buffer);
    expect([...signed, ...payload]).toEqual([Number.NaN, Number.NaN]);
    expect(hex(signed)).toBe(hex(Float64Array.of(Number.NaN)));
    expect(hex(payload)).toBe(hex(Float64Array.of(Number.NaN)));
    const single = new Float32Array(Uint8Array.of(1, 0, 0x80, 0xff).buffer);
    expect(hex(single)).toBe(hex(Float32Array.of(Number.NaN)));
    const long = new Float64Array(1000).fill(Number.NaN);
    const longSigned = new Float64Array(1000).fill(Number.NaN);
    longSigned.set(signed, 999);
    new Uint8Array(longSigned.buffer, 7992).set(new Uint8Array(signed.buffer));
    expect(hex(longSigned)).toBe(hex(long));
  });

  test("infinities, and numbers that begin like a NaN, stay as they are", () => {
    const numbers = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, -Number.MAX_VALUE, -0, 0];
    expect(new Set(numbers.map((number) => hex(Float64Array.of(number)))).size).toBe(numbers.length);
    expect(hex(Float64Array.of(Number.POSITIVE_INFINITY))).toMatch(/000000000000f07f$/);
    expect(hex(Float32Array.of(Number.NEGATIVE_INFINITY))).toMatch(/000080ff$/);
  });
});

describe("a declared class", () => {
  class Vector extends Float64Array {}
  class Table extends Map<unknown, unknown> {}
  class Failure extends Error {}
  const classes = [
    defineClass(Vector, { encode: (vector) => [...vector], decode: (numbers) => new Vector(numbers) }),
    defineClass(Table, { encode: (table) => [...table], decode: (entries) => new Table(entries) }),
    defineClass(Failure, { encode: ({ message }) => message, decode: (message) => new Failure(message) }),
  ];
  gap.each<[string, object, unknown]>([
    ["Vector", Vector.of(1, 2), [1, 2]],
    ["Table", new Table([[1, 2]]), [[1, 2]]],
    ["Failure", new Failure("x"), "x"],
  ])("may extend a built-in one: %s", (name, instance, encoded) => {
    expect(hex(instance, classes)).toBe(`63${hex(name)}${hex(encoded)}`);
    expect(encodeTagged(instance, { classes })).toEqual({ $class: [name, encoded] });
  });

  gap("whose encode fails is refused with its path and cause", () => {
    class Broken {}
    const cause = new Error("boom");
    const encode = (): never => {
      throw cause;
    };
    const broken = defineClass(Broken, { encode, decode: () => new Broken() });
    expectRefusal(new Broken(), "params.a[0]", [broken]);
    expect(() => encodeCanonical(new Broken(), { classes: [broken] })).toThrow(expect.objectContaining({ cause }));
  });

  test("whose encode gives ever new instances ends in a refusal, not in full memory", () => {
    class Endless {}
    let given = 0;
    const encode = (): Endless => {
      given += 1;
      if (given > 150_000) throw new UnsupportedValueError("value", "endless", "");
      return new Endless();
    };
    const endless = defineClass(Endless, { encode, decode: () => new Endless() });
    expect(() => encodeCanonical(new Endless(), { classes: [endless] })).toThrow(UnsupportedValueError);
  });

  gap("of the user's that is called Secret is refused as what it is", () => {
    class Secret {}
    expect(() => encodeCanonical(new Secret())).toThrow(/an instance of Secret/);
  });

  gap("is encoded once, so that the record says what was hashed", () => {
    class Counter {}
    let count = 0;
    const counter = defineClass(Counter, { encode: () => count++, decode: () => new Counter() });
    expect(encodeTagged(new Counter(), { classes: [counter] })).toEqual({ $class: ["Counter", 0] });
  });
});

describe("whatever is refused is refused with its path", () => {
  gap("memory that was transferred away", () => {
    const gone = new Float64Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expectRefusal(gone, "params.a[0]");
    expectRefusal(gone.buffer, "params.a[0]");
  });

  gap("an object that only looks like a URL, or like the digest of content", () => {
    expectRefusal(Object.create(URL.prototype), "params.a[0]");
    expectRefusal(Object.create(BinaryDigest.prototype), "params.a[0]");
  });

  gap("an object whose prototype is a proxy, without a trap being called", () => {
    const handler = Object.fromEntries(
      Reflect.ownKeys(Reflect).map((trap) => [trap, () => expect.unreachable(String(trap))]),
    );
    expectRefusal(Object.create(new Proxy({}, handler)), "params.a[0]");
  });

  gap("content whose class only a getter would tell, without calling it", () => {
    const content = Object.defineProperty(new Float64Array(2), "constructor", {
      get: () => expect.unreachable("the getter was called"),
    });
    expectRefusal(content, "params.a[0]");
  });

  gap("a digest that no content has", () => {
    const sha256 = "0".repeat(64);
    for (const [type, sizeBytes, digest] of [
      ["Evil", 8000, sha256],
      ["Float64Array", 8001, sha256],
      ["Float64Array", 8, sha256],
      ["Float64Array", Number.POSITIVE_INFINITY, sha256],
      ["Float64Array", 8000, "zz"],
    ] as const) {
      expect(() => new BinaryDigest(type as "Float64Array", sizeBytes, digest)).toThrow(RangeError);
    }
  });
});

describe("tagged JSON", () => {
  gap("never nests deeper than it says, since a record that does is damaged for its reader", () => {
    for (const wrap of [
      (inner: unknown) => new Map([["a", inner]]),
      (inner: unknown) => new Set([inner]),
      (inner: unknown) => ({ "\ud800": inner }),
    ]) {
      for (let levels = 1; levels <= 64; levels++) {
        let value: unknown = new Float64Array(1);
        for (let i = 0; i < levels; i++) value = wrap(value);
        try {
          expect(depthOf(value)).toBeLessThanOrEqual(64);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsupportedValueError);
        }
      }
    }
  });

  test("holds plain values of 64 levels, and refuses 65", () => {
    const nested = (levels: number, leaf: unknown): unknown => {
      let value = leaf;
      for (let i = 0; i < levels; i++) value = [value];
      return value;
    };
    expect(depthOf(nested(64, 1))).toBe(64);
    expect(() => encodeTagged(nested(65, 1))).toThrow(UnsupportedValueError);
  });

  gap.each<[string, string]>([
    ["a size without end, over which the reader would never finish", digestJson("1e999")],
    ["a negative size", digestJson("-1")],
    ["a size that is no whole number of elements", digestJson("8001")],
    ["a size below which content stands itself", digestJson("8")],
    ["content of an unknown type", digestJson("8000").replace("Float64Array", "Evil")],
    ["a date that is none", '{"$date":"yesterday"}'],
    ["a date that depends on the time zone", '{"$date":"2026-01-01 10:00"}'],
    ["a bigint with a sign it does not need", '{"$bigint":"-0"}'],
    ["a bigint with leading zeros", '{"$bigint":"007"}'],
    ["an entry without a value", '{"$map":[[1]]}'],
    ["an entry of three", '{"$map":[[1,2,3]]}'],
    ["a Map with a key twice", '{"$map":[["a",1],["a",2]]}'],
    ["a Set with a member twice", '{"$set":[1,1]}'],
    ["an undefined that is something", '{"$undefined":5}'],
    ["a hole that is something", '[{"$hole":5}]'],
    ["a regular expression of three parts", '{"$regexp":["a","g","x"]}'],
    ["flags in another order", '{"$regexp":["a","yg"]}'],
    ["a URL that would change", '{"$url":"HTTP://EXAMPLE.com"}'],
    ["an instance without content", '{"$class":["A"]}'],
    ["entries without need", '{"$entries":[["a",1]]}'],
    ["entries under a number", '{"$entries":[[1,1],[{"$utf16":"d800"},2]]}'],
    ["entries with a key twice", '{"$entries":[[{"$utf16":"d800"},1],[{"$utf16":"d800"},2]]}'],
    ["UTF-16 without need", '{"$utf16":"0041"}'],
    ["what is no base64", '{"$binary":{"type":"Uint8Array","base64":"!!!!"}}'],
    ["base64 with stray bits", '{"$binary":{"type":"Uint8Array","base64":"AB=="}}'],
    ["content with something beside it", '{"$binary":{"type":"Uint8Array","base64":"AA==","extra":1}}'],
    ["a number that is too large", "1e999"],
    ["a zero with a sign, which other languages read without", "[-0]"],
  ])("is refused where it has %s", (_what, text) => {
    expect(() => decodeTagged({ x: JSON.parse(text) as JsonValue })).toThrow(TaggedJsonError);
  });

  gap("makes own keys, whatever Object.prototype has under their names", () => {
    Object.defineProperty(Object.prototype, "trapped", { set() {}, get: () => undefined, configurable: true });
    try {
      expect(Object.hasOwn(decodeTagged({ trapped: 1 }) as object, "trapped")).toBe(true);
      expect(Object.hasOwn(encodeTagged({ trapped: 1 }) as object, "trapped")).toBe(true);
    } finally {
      delete (Object.prototype as { trapped?: unknown }).trapped;
    }
  });

  test("of an instance gives the same bytes where its class is not at hand", () => {
    class Money {
      readonly amount = 3;
    }
    const money = defineClass(Money, { encode: ({ amount }) => ({ amount }), decode: () => new Money() });
    const json = encodeTagged([new Money()], { classes: [money] });
    expect(hex(decodeTagged(json))).toBe(hex([new Money()], [money]));
  });
});

describe("deep values", () => {
  /** Two entries at each level: moving all that is inside at each of them would take minutes. */
  gap("of maps in maps are encoded without copying what is inside at each level", () => {
    let value: unknown = 0;
    for (let i = 0; i < 150_000; i++) {
      value = new Map(
        i % 2 === 0 ? [["b", value] as const, ["a", 1] as const] : [["a", 1] as const, ["b", value] as const],
      );
    }
    expect(encodeCanonical(value).length).toBeGreaterThan(2_000_000);
  });

  test("maps whose keys are equal in content are ordered by their values", () => {
    const entries: [unknown, unknown][] = [
      [{ k: 1 }, 2],
      [{ k: 1 }, 1],
      [{ k: 0 }, 3],
      [{ k: 1 }, new Map([["x", 1]])],
    ];
    const expected = hex(new Map(entries));
    for (let i = 0; i < entries.length; i++) {
      entries.push(entries.shift() as [unknown, unknown]);
      expect(hex(new Map(entries))).toBe(expected);
    }
    expect(hex(new Map(entries.slice(1)))).not.toBe(expected);
  });
});

describe("credentials", () => {
  const whysOf = (params: unknown): string[] => findCredentials(params).map(({ why }) => why);

  gap.each<[string, string]>([
    ["model", "sk-learn-gradient-boosting-classifier"],
    ["image", `docker://alpine:3.18@sha256:${"a".repeat(64)}`],
    ["auth", "basic"],
    ["credentials", "same-origin"],
  ])("%s: %s is none", (key, value) => {
    expect(whysOf({ [key]: value })).toEqual([]);
  });

  gap.each<[string, unknown]>([
    ["url", new URL("https://ann:hunter2@example.com")],
    ["command", "psql postgres://ann:hunter2@example.com/db"],
    ["password1", "hunter2"],
    ["pem", "-----BEGIN PGP PRIVATE KEY BLOCK-----"],
    ["hub", `hf_${"a1B2".repeat(9)}`],
    ["maps", `AIza${"a1B2_".repeat(7)}`],
    ["ci", `glpat-${"a1B2".repeat(5)}`],
    ["registry", `npm_${"a1B2".repeat(9)}`],
    ["payment", `sk_live_${"a1B2".repeat(6)}`],
  ])("%s: %s is one", (key, value) => {
    expect(whysOf({ [key]: value })).toHaveLength(1);
  });

  gap("that are keys themselves are found, and never shown", () => {
    const token = `ghp_${"a1".repeat(18)}`;
    const found = findCredentials({ [token]: { password: "x" } });
    expect(found).toHaveLength(2);
    expect(JSON.stringify(found)).not.toContain(token);
  });
});

describe("digests", () => {
  gap("of what is read in one chunk are plain", async () => {
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(0)]) {
      const collector = createDigestCollector(bytes.length);
      await collector.onChunk(bytes, 0);
      expect(collector.digest()).toBe(digestOf([bytes]));
    }
  });

  gap("refuse bytes that are not a chunk of the object", async () => {
    await expect(createDigestCollector(20_000_000).onChunk(new Uint8Array(3), 0)).rejects.toThrow(/not a chunk/);
    await expect(createDigestCollector(20_000_000).onChunk(new Uint8Array(3), 5)).rejects.toThrow(/not a chunk/);
  });
});

function sameNamedSubclass(): object {
  class Celsius extends Float64Array {
    readonly unit = "C";
  }
  Object.defineProperty(Celsius, "name", { value: "Float64Array" });
  return new Celsius(2);
}

function misleadingSubclass(): object {
  class Celsius extends Float64Array {}
  return Object.defineProperty(new Celsius(2), "constructor", { value: Float64Array });
}

function digestJson(bytes: string): string {
  return `{"$digest":{"type":"Float64Array","bytes":${bytes},"sha256":"${"0".repeat(64)}"}}`;
}
