import { describe, expect, test } from "vitest";
import { DecodeError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { json } from "../../src/format/json/json-format.ts";

const decode = (text: string, limits = defaultDecodeLimits): unknown => json().decode(Buffer.from(text), limits);

describe("json refuses, with the path,", () => {
  const ring: { a: { b: unknown[] } } = { a: { b: [] } };
  ring.a.b.push(1, ring.a);
  const long = Array.from({ length: 999 }, () => 0);
  test.each<[string, unknown, RegExp]>([
    ["a cycle", ring, /payload\.a\.b\[1\] refers back/],
    ["a cycle of one array", ((list: unknown[]) => [list.push(list), list])([]), /refers back to something/],
    ["a hole in a long array", Object.assign(long.slice(), { length: 1001 }), /with holes/],
    ["a key of an array", { a: Object.assign([1], { b: 2 }) }, /payload\.a is an array with holes or keys/],
    ["a key of a long array", Object.assign(long.slice(), { b: 2 }), /keys of its own/],
    ["a setter", { a: Object.defineProperty({}, "b", { enumerable: true, set() {} }) }, /payload\.a\.b is a getter/],
    ["a symbol key", { a: { [Symbol("s")]: 1 } }, /payload\.a has a symbol key/],
    ["a hidden key", { a: Object.defineProperty({}, "b", { value: 1 }) }, /payload\.a\.b is a getter, or hidden/],
    ["undefined in a long array", [...long, undefined], /payload\[999\] is undefined/],
  ])("%s", (_what, payload, message) => {
    expect(() => json().check(payload)).toThrow(UnsupportedPayloadError);
    expect(() => json().check(payload)).toThrow(message);
  });
});

test("what is written within the limits is read within them", async () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  await json().check(nested(1000));
  const file = Buffer.concat(await json().encode(nested(1000)));
  expect(() => json().decode(file, defaultDecodeLimits)).not.toThrow();
  expect(() => json().check(nested(1001))).toThrow(/nested more than 1000 levels/);
});

test("reading ends at maxNodes", () => {
  expect(() => decode('[1,2,{"a":3}]', resolveDecodeLimits({ maxNodes: 4 }))).toThrow(/limits\.maxNodes/);
  expect(decode('[1,2,{"a":3}]', resolveDecodeLimits({ maxNodes: 5 }))).toEqual([1, 2, { a: 3 }]);
  expect(decode('"a,b[c{\\",,,,,,,,,,,"', resolveDecodeLimits({ maxNodes: 1 }))).toBe('a,b[c{",,,,,,,,,,,');
});

test("bytes that are no JSON text are refused", () => {
  for (const text of ["", "\ufeff1", "1 2", "{", "nul", "[1,]"]) expect(() => decode(text), text).toThrow(DecodeError);
  expect(() => json().decode(Uint8Array.of(0x22, 0xff, 0x22), defaultDecodeLimits)).toThrow(DecodeError);
});

test("a key __proto__ is a key", () => {
  const loaded = decode('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
  expect(Object.getPrototypeOf(loaded)).toBe(Object.prototype);
  expect(loaded.polluted).toBeUndefined();
});
