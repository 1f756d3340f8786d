import vm from "node:vm";
import { describe, expect, test } from "vitest";
import { CanonicalWriter } from "../../src/canonical/canonical-writer.ts";
import { decodeTagged } from "../../src/canonical/decode-tagged.ts";
import { encodeCanonical, writeCanonical } from "../../src/canonical/encode-canonical.ts";
import { encodeTagged, type JsonValue } from "../../src/canonical/tagged-json.ts";
import { TaggedJsonError, UnsupportedValueError } from "../../src/errors/params-errors.ts";
import { secret } from "../../src/params/secret.ts";
import { untracked } from "../../src/params/untracked.ts";
import { defineClass } from "../../src/util/class-codec.ts";

const hex = (item: unknown): string => Buffer.from(encodeCanonical(item)).toString("hex");

function refusalOf(item: unknown): UnsupportedValueError {
  try {
    encodeCanonical(item, { root: "params" });
  } catch (error) {
    if (error instanceof UnsupportedValueError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

class Plain {
  readonly a = 1;
}
class MyMap extends Map {}
class MyArray extends Array {}
const cycle: { self?: unknown; list: unknown[] } = { list: [] };
cycle.list.push({ back: cycle });
const trapped = new Proxy(
  {},
  {
    get: () => expect.unreachable(),
    ownKeys: () => expect.unreachable(),
    getPrototypeOf: () => expect.unreachable(),
    has: () => expect.unreachable(),
  },
);

describe("what cannot be in a recipe is refused with its path", () => {
  test.each<[string, unknown, RegExp]>([
    ["a function", () => 1, /a function/],
    ["a symbol", Symbol("x"), /a symbol/],
    ["a symbol key", { [Symbol("x")]: 1 }, /a symbol key/],
    ["a promise", Promise.resolve(1), /a promise/],
    ["a weak map", new WeakMap(), /a weak collection/],
    ["a weak reference", new WeakRef({}), /an instance of WeakRef/],
    ["a boxed number", new Number(1), /a boxed primitive/],
    ["an error", new Error("x"), /an error/],
    ["a generator", (function* () {})(), /a generator/],
    ["an iterator", [1].values(), /an instance of/],
    ["an instance", new Plain(), /an instance of Plain.*defineClass\(Plain/s],
    ["a subclass of Map", new MyMap(), /an instance of MyMap/],
    ["a subclass of Array", MyArray.of(1), /an instance of MyArray/],
    ["a class", Plain, /a function/],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(4)), /memory that others can change/],
    ["a shared buffer", new SharedArrayBuffer(4), /memory that others can change/],
    ["resizable memory", resizable(), /memory that others can change/],
    ["an array with a key", Object.assign([1], { extra: 2 }), /a key of its own, extra/],
    ["a Map with a property", Object.assign(new Map(), { extra: 2 }), /a property of its own, extra/],
    ["a Date with a property", Object.assign(new Date(), { extra: 2 }), /a property of its own, extra/],
    ["a regular expression in use", Object.assign(/a/g, { lastIndex: 2 }), /in use/],
    ["a secret", secret("x"), /a secret inside/],
    ["an untracked value", untracked(1), /an untracked value inside/],
    ["a proxy", trapped, /a proxy/],
    ["a revoked proxy", revoked(), /a proxy/],
    [
      "WebAssembly memory",
      globalThis.structuredClone === undefined ? Symbol("x") : new AbortController(),
      /an instance of AbortController/,
    ],
  ])("%s", (_what, item, message) => {
    const error = refusalOf({ model: { "odd key": [0, item] } });
    expect(error.path).toBe('params.model["odd key"][1]');
    expect(error.message).toMatch(message);
    expect(error.code).toBe("PERSISTABLE_UNSUPPORTED_VALUE");
  });

  test("a getter is not called, and a hidden property is not passed over", () => {
    expect(
      refusalOf({
        a: {
          get b() {
            return expect.unreachable();
          },
        },
      }).path,
    ).toBe("params.a.b");
    expect(refusalOf({ a: Object.defineProperty({}, "b", { value: 1 }) }).path).toBe("params.a.b");
    const list = [1, 2];
    Object.defineProperty(list, 1, { get: () => expect.unreachable(), enumerable: true });
    expect(refusalOf({ list }).path).toBe("params.list[1]");
  });

  test("a cycle names both ends; what is merely shared is none", () => {
    const error = refusalOf({ cycle });
    expect(error.path).toBe("params.cycle.list[0].back");
    expect(error.message).toContain("back to params.cycle");
    const map = new Map();
    map.set("self", map);
    expect(refusalOf(map).message).toMatch(/cycle/);
    const shared = { a: 1 };
    expect(hex([shared, shared])).toBe(hex([{ a: 1 }, { a: 1 }]));
  });

  test("paths lead into maps, sets and instances", () => {
    expect(refusalOf(new Map([["k", () => 1]])).path).toBe("params.k");
    expect(refusalOf(new Map([[() => 1, 1]])).path).toBe('params["key 0"]');
    expect(refusalOf(new Set([1, () => 1])).path).toBe("params[1]");
    class Holder {}
    const holder = defineClass(Holder, { encode: () => ({ inside: () => 1 }), decode: () => new Holder() });
    expect(() => encodeCanonical({ h: new Holder() }, { classes: [holder], root: "params" })).toThrow(
      /params\.h\.inside is a function/,
    );
  });
});

describe("odd values that are good", () => {
  // Recursion would fail at a tenth of this depth.
  test("a hundred thousand levels of nesting are encoded", () => {
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => new Map([[1, inner]]),
    ]) {
      let deep: unknown = 0;
      for (let i = 0; i < 100_000; i++) deep = wrap(deep);
      expect(encodeCanonical(deep).length).toBeGreaterThan(200_000);
    }
  });

  test("what is shared again and again is bounded, not endless", () => {
    let doubling: unknown = ["x".repeat(100)];
    for (let i = 0; i < 40; i++) doubling = [doubling, doubling];
    expect(() => writeCanonical(new CanonicalWriter(1024 * 1024), doubling, { root: "params" })).toThrow(
      /larger than 1 GiB/,
    );
  });

  test("objects of another realm, without a prototype, and with the keys of one are plain", () => {
    const foreign = vm.runInNewContext(
      "({ a: [1, { b: 2 }], m: new Map([[1, 2]]), d: new Date(5), r: /x/g, u: new Uint8Array([1]) })",
    ) as object;
    expect(hex(foreign)).toBe(
      hex({ a: [1, { b: 2 }], m: new Map([[1, 2]]), d: new Date(5), r: /x/g, u: Uint8Array.of(1) }),
    );
    expect(hex(Object.assign(Object.create(null), { a: 1 }))).toBe(hex({ a: 1 }));
    expect(hex(JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "toJSON": 3, "hasOwnProperty": 4}'))).not.toBe(
      hex({ constructor: 2, toJSON: 3, hasOwnProperty: 4 }),
    );
  });

  test("a polluted Object.prototype changes nothing", () => {
    const before = hex({ a: 1 });
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(hex({ a: 1 })).toBe(before);
      expect(encodeTagged({ a: 1 })).toEqual({ a: 1 });
    } finally {
      delete (Object.prototype as { polluted?: number }).polluted;
    }
  });

  test("valueOf, toString and toJSON are data, not instructions", () => {
    expect(() => encodeCanonical({ valueOf: () => 1 })).toThrow(/valueOf is a function/);
    expect(hex({ toJSON: 1 })).not.toBe(hex({}));
  });

  test("decoding tagged JSON sets no prototype, and refuses what it does not know", () => {
    const decoded = decodeTagged(JSON.parse('{"__proto__": {"polluted": 1}}')) as { polluted?: number };
    expect(decoded.polluted).toBeUndefined();
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    const bad: JsonValue[] = [
      { $new: 1 },
      { $date: 3 },
      { $number: "x" },
      { $bigint: "1.5" },
      { $map: [1] },
      { $regexp: ["(", ""] },
      { $url: "no" },
      { $binary: { type: "Evil", base64: "" } },
      { $digest: {} },
      { $a: 1, b: 2 },
      { $binary: { type: "Float64Array", base64: "AAA=" } },
    ];
    for (const json of bad) expect(() => decodeTagged({ x: json }), JSON.stringify(json)).toThrow(TaggedJsonError);
  });

  test("nesting beyond what a record holds is refused when it is recorded", () => {
    let deep: unknown = 0;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(() => encodeTagged(deep)).toThrow(/nested more than 64 levels/);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** The types of Node 20's library do not know it yet. */
function resizable(): ArrayBuffer {
  return new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(4, { maxByteLength: 8 });
}
