import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import * as heads from "../../src/format/built-in/built-in-formats.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format } from "../../src/format/format.ts";
import { text } from "../../src/format/plain/text-format.ts";
import { brotli, gzip, zstd } from "../../src/format/wrappers/compressed-format.ts";

const hasZstd = "zstdCompress" in process.getBuiltinModule("node:zlib");
const compressions = { gzip, brotli, ...(hasZstd ? { zstd } : {}) };

async function write(format: Format<string>, payload: string): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await format.encode(payload)));
}

describe.each(Object.entries(compressions))("%s", (_name, compress) => {
  const format = compress(text());

  test("takes no turn of the event loop for a small payload", () => {
    const chunks = format.encode("abc".repeat(100)) as readonly Uint8Array[];
    expect(format.decode(new Uint8Array(Buffer.concat(chunks)), defaultDecodeLimits)).toBe("abc".repeat(100));
  });

  test.each([0, 1, 255, 256, 300, 70_000, 300_000, 3_000_000])("gives %i characters back", async (length) => {
    const payload = Array.from({ length }, (_, i) =>
      String.fromCharCode(97 + (Math.imul(i, 2_654_435_761) >>> 28)),
    ).join("");
    expect(await format.decode(await write(format, payload), defaultDecodeLimits)).toBe(payload);
  });

  test.each([300, 70_000])("refuses all that is cut off, of %i characters", async (length) => {
    const file = await write(format, "abc".repeat(length / 3));
    for (let end = 0; end < file.length; end++)
      await expect(
        (async () => format.decode(file.slice(0, end), defaultDecodeLimits))(),
        `${end} of ${file.length}`,
      ).rejects.toThrow(DecodeError);
  });

  test.each(["zeros", "text", "much"])("refuses what follows: %s", async (kind) => {
    const file = await write(format, "abc");
    const tail = { zeros: Buffer.alloc(5), text: Buffer.from("x"), much: Buffer.alloc(100_000, 7) }[kind] as Buffer;
    await expect(
      (async () => format.decode(new Uint8Array(Buffer.concat([file, tail])), defaultDecodeLimits))(),
    ).rejects.toThrow(DecodeError);
  });

  test.each([10_000, 1_000_000])("stops a small bomb at %i bytes", async (maxBytes) => {
    const file = await write(format, "a".repeat(1_000_001));
    const limits = resolveDecodeLimits({ maxBytes });
    await expect((async () => format.decode(file, limits))()).rejects.toThrow(DecodeLimitError);
    expect(await format.decode(file, resolveDecodeLimits({ maxBytes: 1_000_001 }))).toHaveLength(1_000_001);
  });

  test.each([-1, 99, 1.5])("has no level %d, and says so when it is made", (level) => {
    expect(() => compress(text(), { level })).toThrow(RangeError);
    expect(() => compress(text(), { level })).toThrow(/has levels from/);
  });
});

test("a level is refused before anything is generated, through the front door too", () => {
  expect(() => heads.gzip(heads.text(), { level: 10 })).toThrow(/gzip has levels from 0 to 9, not 10/);
  expect(() => heads.brotli(heads.text(), { level: 12 })).toThrow(/brotli has levels from 0 to 11/);
});

test("gzip members that were put together are one text, as everywhere", async () => {
  const file = new Uint8Array(Buffer.concat([gzipSync("ab"), gzipSync("cd")]));
  expect(await gzip(text()).decode(file, defaultDecodeLimits)).toBe("abcd");
});

test("the error of the format inside is its own", async () => {
  const failure = new TypeError("not today");
  const inner: Format<string> = {
    ...text(),
    decode: () => {
      throw failure;
    },
  };
  await expect((async () => gzip(inner).decode(gzipSync("a"), defaultDecodeLimits))()).rejects.toThrow(failure);
});
