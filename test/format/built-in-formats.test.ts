import { describe, expect, it } from "vitest";
import * as heads from "../../src/format/built-in/built-in-formats.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { AnyFormat, Format } from "../../src/format/format.ts";
import * as jsonFormat from "../../src/format/json/json-format.ts";
import * as npyFormat from "../../src/format/npy/npy-format.ts";
import * as bytesFormat from "../../src/format/plain/bytes-format.ts";
import * as textFormat from "../../src/format/plain/text-format.ts";
import * as structuredFormat from "../../src/format/structured/structured-format.ts";
import * as compressedFormat from "../../src/format/wrappers/compressed-format.ts";

const implementations = {
  ...bytesFormat,
  ...compressedFormat,
  ...jsonFormat,
  ...npyFormat,
  ...structuredFormat,
  ...textFormat,
};

type Library = typeof implementations;

/**
 * Each format, made by the heads or by the implementations, with a payload that it holds and one
 * that it refuses.
 */
const table: readonly (readonly [string, (from: Library) => AnyFormat, payload: unknown, refused: unknown])[] = [
  ["structured", ({ structured }) => structured(), new Map([[1, { a: [2n] }]]), () => {}],
  ["json", ({ json }) => json(), { a: [1, null] }, undefined],
  ["text", ({ text }) => text(), "añ😀", 3],
  ["bytes", ({ bytes }) => bytes(), Uint8Array.of(1, 2), "no bytes"],
  ["npy", ({ npy }) => npy(), Float32Array.of(1, 2), "no array"],
  ["npy(shaped)", ({ npy }) => npy({ shaped: true }), { data: Int8Array.of(1), shape: [1, 1] }, Int8Array.of(1)],
  ["gzip(text)", ({ gzip, text }) => gzip(text(), { level: 9 }), "a".repeat(100), 3],
  ["brotli(gzip(json))", ({ brotli, gzip, json }) => brotli(gzip(json())), [1, 2], undefined],
];

describe.each(table)("the head of %s", (id, make, payload, refused) => {
  const head = make(heads) as Format;
  const implementation = make(implementations) as Format;

  it("says what its implementation says", () => {
    const { extension, inline } = implementation;
    expect(head).toMatchObject({ id, extension, inline });
    expect(implementation.id).toBe(id);
  });

  it("works like its implementation, from the first call", async () => {
    await expect((async () => make(heads).check(refused as never))()).rejects.toThrow(/payload/);
    expect(await head.check(payload)).toBeUndefined();
    const encoded = Buffer.concat(await head.encode(payload));
    expect(encoded).toEqual(Buffer.concat(await implementation.encode(payload)));
    expect(await make(heads).decode(new Uint8Array(encoded), defaultDecodeLimits)).toEqual(payload);
  });
});

it("answers at once, as soon as it is loaded", async () => {
  await heads.text().check("loads it");
  const format = heads.text();
  expect(() => format.check(3 as never)).toThrow(/payload is not a string/);
  expect(format.encode("a")).toEqual([Uint8Array.of(97)]);
  expect(format.decode(Uint8Array.of(97), defaultDecodeLimits)).toBe("a");
});

it("decodes what the default format and json() wrote without loading more", () => {
  const value = { a: [1] };
  const bytes = new Uint8Array(Buffer.concat(structuredFormat.structured().encode(value) as Uint8Array[]));
  expect(heads.structured().decode(bytes, defaultDecodeLimits)).toEqual(value);
  expect(heads.json().decode(new TextEncoder().encode('{"a":[1]}'), defaultDecodeLimits)).toEqual(value);
});
