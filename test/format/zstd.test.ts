import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type ExpandSync, loadExpandZstd, loadWasmExpand } from "../../src/format/zstd.ts";
import { readFixture } from "../support/read-fixture.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);

interface Frame {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Frames that zlib of Node 24 and the command zstd wrote. */
const frames: Frame[] = [];
let withDictionary = new Uint8Array(0);
let expand: ExpandSync;

beforeAll(async () => {
  expand = await loadWasmExpand();
  const lines = Buffer.from(await readFixture("zstd-frames.jsonl"))
    .toString()
    .trim()
    .split("\n");
  for (const { frame, refused, ...said } of lines.map((line) => JSON.parse(line))) {
    const bytes = new Uint8Array(Buffer.from(frame, "base64"));
    if (refused === true) withDictionary = bytes;
    else frames.push({ ...said, bytes });
  }
});

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

describe("the decoder of a Node without zstd", () => {
  test("reads what is written at each level, in several frames, and without a stated size", () => {
    expect(frames.length).toBeGreaterThan(50);
    for (const { name, sizeBytes, sha256, bytes } of frames)
      for (const maxOutputLength of [Math.max(1, sizeBytes), sizeBytes + 1000])
        expect(digestOf(expand(bytes, { maxOutputLength })), name).toBe(sha256);
  });

  test("gives what Node's own gives, where Node has one", async () => {
    const own = await loadExpandZstd();
    for (const { bytes } of frames) {
      const limits = { maxOutputLength: 400_000 };
      expect(Buffer.compare(own(bytes, limits), expand(bytes, limits))).toBe(0);
    }
  });

  test("refuses frames that hold more than is allowed, with the code of zlib where they say so", () => {
    for (const { name, sizeBytes, bytes } of frames) {
      if (sizeBytes < 2) continue;
      let failure: unknown;
      try {
        expand(bytes, { maxOutputLength: sizeBytes - 1 });
      } catch (error) {
        failure = error;
      }
      expect(failure, name).toBeInstanceOf(Error);
      if (!/two frames|no size/.test(name)) expect(codeOf(failure), name).toBe("ERR_BUFFER_TOO_LARGE");
    }
  });

  test("takes no memory for a size that is only claimed", () => {
    const bomb = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 4, 0, 0, 1, 0, 0);
    const before = process.memoryUsage.rss();
    expect(() => expand(bomb, { maxOutputLength: 2 ** 28 })).toThrow();
    expect(() => expand(bomb, { maxOutputLength: 2 ** 50 })).toThrow(/512 MiB/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 27);
  });

  test("ends with many small blocks and frames", () => {
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    const empty = new Uint8Array(300_000).fill(0);
    empty.set(head);
    expect(() => expand(empty, { maxOutputLength: 1000 })).toThrow();
    const nothing = Uint8Array.from([...head, 1, 0, 0]);
    const repeated = new Uint8Array(nothing.length * 30_000);
    for (let i = 0; i < 30_000; i++) repeated.set(nothing, i * nothing.length);
    expect(expand(repeated, { maxOutputLength: 1000 })).toHaveLength(0);
  });

  test("refuses frames with a dictionary, and what is no zstd", () => {
    expect(() => expand(withDictionary, { maxOutputLength: 10_000 })).toThrow(/damaged/);
    for (const bytes of [Uint8Array.of(1), new Uint8Array(1000).fill(7)])
      expect(() => expand(bytes, { maxOutputLength: 10_000 })).toThrow();
  });

  test("gives the content or an error for damaged frames, and reads sound ones afterwards", () => {
    const random = new SeededRandom(4);
    let refused = 0;
    for (let i = 0; i < mutations * 50; i++) {
      const { bytes, sizeBytes, sha256, name } = frames[random.below(frames.length)] ?? expect.fail();
      const bad = Uint8Array.from(bytes);
      for (let flips = 1 + random.below(3); flips > 0; flips--)
        bad[random.below(random.chance(0.5) ? Math.min(20, bad.length) : bad.length)] = random.below(256);
      const cut = random.chance(0.2) ? bad.subarray(0, random.below(bad.length)) : bad;
      try {
        const content = expand(cut, { maxOutputLength: sizeBytes + 100 });
        expect(content.length).toBeLessThanOrEqual(sizeBytes + 100);
        if (/level (1|3|19)$/.test(name) && isChecked(cut)) expect(digestOf(content), name).toBe(sha256);
      } catch (error) {
        if (error instanceof Error && error.name === "AssertionError") throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(mutations * 5);
    for (const { sizeBytes, sha256, bytes } of frames)
      expect(digestOf(expand(bytes, { maxOutputLength: Math.max(1, sizeBytes) }))).toBe(sha256);
  });
});

/** Whether the head says that the frame ends in a checksum. */
function isChecked(frame: Uint8Array): boolean {
  return ((frame[4] ?? 0) & 4) !== 0;
}
