import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DecodeError,
  DecodeLimitError,
  NewerPayloadError,
  UndeclaredClassError,
  UnsupportedPayloadError,
} from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format } from "../../src/format/format.ts";
import { json } from "../../src/format/json/json-format.ts";
import { npy } from "../../src/format/npy/npy-format.ts";
import { bytes } from "../../src/format/plain/bytes-format.ts";
import { text } from "../../src/format/plain/text-format.ts";
import { structured } from "../../src/format/structured/structured-format.ts";
import { brotli, gzip, zstd } from "../../src/format/wrappers/compressed-format.ts";

/** Mutations for each format: a few thousand by default, 1e6 on request. */
const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 150);

const samples: readonly (readonly [Format, unknown])[] = [
  [
    structured() as unknown as Format,
    { a: [1, "x", new Date(0), new Map([[1, new Set([2])]])], f: Float64Array.of(1, 2), b: 3n },
  ],
  [json() as unknown as Format, { a: [1, "x", null, { b: true }] }],
  [text() as unknown as Format, "some text é"],
  [bytes() as unknown as Format, Uint8Array.of(1, 2, 3)],
  [npy() as unknown as Format, Float64Array.of(1, 2, 3)],
  [gzip(json()) as unknown as Format, { a: "x".repeat(200) }],
  [brotli(structured()) as unknown as Format, { a: "x".repeat(200) }],
];

const expected = [DecodeError, DecodeLimitError, NewerPayloadError, UndeclaredClassError];

describe("bytes that the format did not write are refused, and do no harm", () => {
  test.each(samples.map(([format, payload]) => ({ id: format.id, format, payload })))(
    "$id",
    async ({ format, payload }) => {
      const good = new Uint8Array(Buffer.concat(await format.encode(payload)));
      const limits = resolveDecodeLimits({ maxBytes: 10_000_000 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
          fc.option(fc.nat(good.length), { nil: undefined }),
          fc.uint8Array({ maxLength: 3 }),
          async (flips, cut, tail) => {
            const bad = Uint8Array.from([...good.subarray(0, cut), ...tail]);
            for (const [at, byte] of flips) if (at < bad.length) bad[at] = byte;
            try {
              await format.decode(bad, limits);
            } catch (error) {
              expect(
                expected.some((known) => error instanceof known),
                String(error),
              ).toBe(true);
            }
          },
        ),
        { numRuns: runs },
      );
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});

describe("limits", () => {
  test("a bomb is stopped while it expands, by ratio and by size", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    await expect(gzip(text()).decode(new Uint8Array(bomb), resolveDecodeLimits({ maxRatio: 100 }))).rejects.toThrow(
      /limits\.maxRatio = 100/,
    );
    await expect(
      gzip(text()).decode(new Uint8Array(bomb), resolveDecodeLimits({ maxBytes: 1_000_000 })),
    ).rejects.toThrow(/limits\.maxBytes = 1000000/);
  });

  test("what would be a bomb is not written", async () => {
    const zeros = " ".repeat(80_000_000);
    await expect(brotli(text()).encode(zeros)).rejects.toThrow(UnsupportedPayloadError);
  });

  test("bytes after the compressed data are refused", async () => {
    const good = Buffer.concat(await gzip(text()).encode("abc"));
    const longer = new Uint8Array(Buffer.concat([good, Buffer.from("x")]));
    await expect((async () => gzip(text()).decode(longer, defaultDecodeLimits))()).rejects.toThrow(DecodeError);
  });

  test("JSON is not nested beyond the limit", () => {
    expect(() =>
      json().decode(new TextEncoder().encode("[".repeat(5000) + "]".repeat(5000)), defaultDecodeLimits),
    ).toThrow(/maxDepth/);
  });
});

test("a newer envelope or wire version is no damage", async () => {
  const good = new Uint8Array(Buffer.concat(await structured().encode({ a: 1 })));
  const newer = good.slice();
  newer[3] = 2;
  expect(() => structured().decode(newer, defaultDecodeLimits)).toThrow(NewerPayloadError);
  const wire = good.slice();
  wire[17] = 200;
  expect(() => structured().decode(wire, defaultDecodeLimits)).toThrow(NewerPayloadError);
});

test("zstd works where Node has it, and says what to do where not", async () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 15)) {
    const format = zstd(text());
    const written = new Uint8Array(Buffer.concat(await format.encode("abc".repeat(1000))));
    expect(written.length).toBeLessThan(200);
    expect(await format.decode(written, defaultDecodeLimits)).toBe("abc".repeat(1000));
  } else expect(() => zstd(text())).toThrow(/needs Node 22\.15/);
});
