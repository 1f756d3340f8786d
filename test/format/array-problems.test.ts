import { describe, expect, test } from "vitest";
import { UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format } from "../../src/format/format.ts";
import { npy } from "../../src/format/npy/npy-format.ts";
import { bytes } from "../../src/format/plain/bytes-format.ts";
import { structured } from "../../src/format/structured/structured-format.ts";

const given = new Uint8Array(8);
structuredClone(given, { transfer: [given.buffer] });
const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;

describe.each(
  Object.entries({ bytes: bytes(), npy: npy(), structured: structured() } as unknown as Record<string, Format>),
)("%s refuses an array that would not come back as it is:", (_name, format) => {
  test.each<[string, Uint8Array, RegExp]>([
    ["one with a key of its own", Object.assign(new Uint8Array(4), { unit: "m" }), /keys of its own/],
    ["a long one with a key of its own", Object.assign(new Uint8Array(9999), { unit: "m" }), /keys of its own/],
    ["one in a resizable buffer", new Uint8Array(new Resizable(8, { maxByteLength: 16 })), /resizable/],
    ["one in shared memory", new Uint8Array(new SharedArrayBuffer(8)), /shared memory/],
    ["one whose buffer was given away", given, /given away/],
  ])("%s", async (_what, array, message) => {
    const check = (async () => format.check(array))();
    await expect(check).rejects.toThrow(UnsupportedPayloadError);
    await expect(check).rejects.toThrow(message);
  });
});

test("a shape is a plain list, of as many dimensions as NumPy has", () => {
  const format = npy({ shaped: true });
  const data = Float64Array.of(1);
  expect(() => format.check({ data, shape: Array(33).fill(1) })).toThrow(/payload\.shape has more than 32 dimensions/);
  expect(() => format.check({ data, shape: Object.assign([1], { unit: "m" }) })).toThrow(
    /payload\.shape is not a list/,
  );
  const asked = Object.defineProperty({ data }, "shape", { enumerable: true, get: () => expect.unreachable() });
  expect(() => format.check(asked as never)).toThrow(/payload\.shape is a getter/);
});

test("few bytes do not come back as a part of Node's pool", async () => {
  const pooled = Buffer.from("some bytes");
  expect(pooled.buffer.byteLength).toBeGreaterThan(pooled.length);
  const loaded = await bytes().decode(pooled, defaultDecodeLimits);
  expect(loaded).toEqual(new Uint8Array(pooled));
  expect(loaded.buffer.byteLength).toBe(pooled.length);
});
