import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  createDigestCollector,
  DIGEST_CHUNK_BYTES,
  digestInParallel,
  digestOf,
  parseDigest,
} from "../../src/util/digest/digest.ts";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

/** By spec/records.md alone. */
function expected(bytes: Uint8Array): string {
  if (bytes.length <= 8 * 1024 * 1024) return `sha256:${sha256(bytes).toString("hex")}`;
  const hashes: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += 8 * 1024 * 1024)
    hashes.push(sha256(bytes.subarray(start, start + 8 * 1024 * 1024)));
  return `sha256-tree-8m:${sha256(Buffer.concat(hashes)).toString("hex")}`;
}

describe("digests", () => {
  const big = pattern(DIGEST_CHUNK_BYTES * 2 + 12_345);
  test.each([0, 1, DIGEST_CHUNK_BYTES, DIGEST_CHUNK_BYTES + 1, DIGEST_CHUNK_BYTES * 2, big.length])(
    "of %i bytes are the same however the bytes are cut, and however they are computed",
    async (length) => {
      const bytes = big.subarray(0, length);
      const cuts = [
        [bytes],
        [bytes.subarray(0, 7), bytes.subarray(7, 7), bytes.subarray(7)],
        [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)],
      ];
      for (const chunks of cuts) {
        expect(digestOf(chunks)).toBe(expected(bytes));
        expect(await digestInParallel(chunks)).toBe(expected(bytes));
      }
      if (length <= DIGEST_CHUNK_BYTES) return;
      const collector = createDigestCollector(length);
      const starts = Array.from(
        { length: Math.ceil(length / DIGEST_CHUNK_BYTES) },
        (_, i) => i * DIGEST_CHUNK_BYTES,
      ).reverse();
      expect(() => collector.digest()).toThrow(/was not read/);
      await Promise.all(
        starts.map((start) => collector.onChunk(bytes.subarray(start, start + DIGEST_CHUNK_BYTES), start)),
      );
      expect(collector.digest()).toBe(expected(bytes));
    },
  );

  test.each(["idle", "busy"])(
    "of many chunks are right while the event loop is %s, and leave it its turns",
    async (loop) => {
      const chunks = Array.from({ length: 6 }, (_, i) => big.subarray(i, i + DIGEST_CHUNK_BYTES));
      let turns = 0;
      let isOver = false;
      const turn = (): void => {
        turns++;
        const startedMs = performance.now();
        while (loop === "busy" && performance.now() - startedMs < 3);
        if (!isOver) setImmediate(turn);
      };
      turn();
      const digest = await digestInParallel(chunks);
      isOver = true;
      expect(digest).toBe(expected(Buffer.concat(chunks)));
      expect(turns).toBeGreaterThan(1);
    },
  );

  test("that are none are refused", () => {
    expect(parseDigest(`sha256:${"0".repeat(64)}`)).toBe(`sha256:${"0".repeat(64)}`);
    for (const text of ["", "sha256:", `sha256:${"0".repeat(63)}`, `md5:${"0".repeat(64)}`, `sha256:${"G".repeat(64)}`])
      expect(() => parseDigest(text)).toThrow();
  });
});
