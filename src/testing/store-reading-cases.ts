import { ObjectTooLargeError } from "../errors/store-errors.ts";
import type { Store } from "../store/store.ts";
import { CHUNK_BYTES } from "../util/digest/chunk-bytes.ts";
import { expectBytes, expectEqual, expectRejection, fail } from "./expectation.ts";
import { OTHER_PATH, PATH, pattern, text } from "./sample-objects.ts";
import type { StoreCase } from "./store-case.ts";

/** A read gives what was written; a missing object is not an error. */
export const readingCases: readonly StoreCase[] = [
  {
    group: "reading",
    title: "has nothing where nothing was written",
    async run({ store }) {
      expectEqual(await store.read(PATH), undefined, "read");
      expectEqual(await store.read(PATH, { range: { start: 0, end: 1 } }), undefined, "read of a range");
      expectEqual(await store.stat(PATH), undefined, "stat");
      await store.createIfAbsent(OTHER_PATH, [text("neighbor")]);
      expectEqual(await store.read(PATH), undefined, "read beside another object");
    },
  },
  ...[0, 1, 100_000, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 12_345].map(
    (sizeBytes): StoreCase => ({
      group: "reading",
      title: `gives back ${sizeBytes} bytes as they were written`,
      async run({ store }) {
        const bytes = pattern(sizeBytes);
        await store.writeFresh(PATH, [bytes]);
        expectBytes(await store.read(PATH), bytes, "read");
        expectEqual((await store.stat(PATH))?.sizeBytes, sizeBytes, "size in stat");
      },
    }),
  ),
  {
    group: "reading",
    title: "gives every reader bytes of its own",
    async run({ store }) {
      const given = text("payload");
      await store.createIfAbsent(PATH, [given]);
      given.fill(0);
      const first = await store.read(PATH);
      expectBytes(first, text("payload"), "read after the writer has reused its memory");
      first?.fill(0);
      expectBytes(await store.read(PATH), text("payload"), "read after another reader has changed its bytes");
    },
  },
  {
    group: "reading",
    title: "reads a range, and less where the object ends",
    async run({ store }) {
      const bytes = pattern(1000);
      await store.writeFresh(PATH, [bytes]);
      for (const [start, end] of [
        [0, 1000],
        [0, 1],
        [10, 20],
        [990, 1000],
        [990, 2000],
        [999, 1000],
        [1000, 1001],
        [5000, 6000],
        [10, 10],
      ] as const) {
        const part = await store.read(PATH, { range: { start, end } });
        expectBytes(part, bytes.subarray(start, end), `bytes ${start} to ${end}`);
      }
    },
  },
  {
    group: "reading",
    title: "reads a range across the parts of a big object",
    async run({ store }) {
      const bytes = pattern(2 * CHUNK_BYTES + 100);
      await store.writeFresh(PATH, [bytes]);
      const range = { start: CHUNK_BYTES - 50, end: 2 * CHUNK_BYTES + 50 };
      expectBytes(await store.read(PATH, { range }), bytes.subarray(range.start, range.end), "range");
    },
  },
  {
    group: "reading",
    title: "refuses an object of more than maxBytes",
    async run({ store }) {
      await store.writeFresh(PATH, [pattern(1000)]);
      expectEqual((await store.read(PATH, { maxBytes: 1000 }))?.length, 1000, "size at the limit");
      const error = await expectRejection(store.read(PATH, { maxBytes: 999 }), "read above the limit");
      if (!(error instanceof ObjectTooLargeError)) fail(`expected an ObjectTooLargeError, got ${String(error)}`);
      expectEqual([error.sizeBytes, error.maxBytes], [1000, 999], "sizes in the error");
      const range = { start: 100, end: 200 };
      expectEqual((await store.read(PATH, { maxBytes: 100, range }))?.length, 100, "a range within the limit");
      await expectRejection(store.read(PATH, { maxBytes: 99, range }), "a range above the limit");
    },
  },
  {
    group: "reading",
    title: "hands every part of a big object to onChunk once, and waits for it",
    async run({ store }) {
      const bytes = pattern(3 * CHUNK_BYTES + 77);
      await store.writeFresh(PATH, [bytes]);
      const seen = new Map<number, number>();
      let pending = 0;
      const read = await store.read(PATH, {
        async onChunk(chunk, start) {
          pending++;
          expectEqual(seen.has(start), false, `part at ${start} came before`);
          seen.set(start, chunk.length);
          expectBytes(chunk, bytes.subarray(start, start + chunk.length), `part at ${start}`);
          await new Promise((resolve) => setTimeout(resolve, 5));
          pending--;
        },
      });
      expectEqual(pending, 0, "calls of onChunk that the read has not waited for");
      expectEqual(
        [...seen].sort(([one], [other]) => one - other),
        [
          [0, CHUNK_BYTES],
          [CHUNK_BYTES, CHUNK_BYTES],
          [2 * CHUNK_BYTES, CHUNK_BYTES],
          [3 * CHUNK_BYTES, 77],
        ],
        "parts",
      );
      expectBytes(read, bytes, "read");
    },
  },
  {
    group: "reading",
    title: "calls onChunk neither for small objects nor for ranges",
    async run({ store }) {
      await store.writeFresh(PATH, [pattern(CHUNK_BYTES)]);
      await store.writeFresh(OTHER_PATH, [pattern(CHUNK_BYTES + 1)]);
      const onChunk = (): void => fail("onChunk was called");
      await store.read(PATH, { onChunk });
      await store.read(OTHER_PATH, { onChunk, range: { start: 0, end: CHUNK_BYTES + 1 } });
    },
  },
  {
    group: "reading",
    title: "fails when onChunk fails, with its error",
    async run({ store }) {
      await store.writeFresh(PATH, [pattern(2 * CHUNK_BYTES)]);
      const failure = Object.assign(new Error("this part is wrong"), { code: "ENOENT" });
      const onChunk = (_chunk: Uint8Array, start: number): Promise<void> | undefined =>
        start === 0 ? undefined : Promise.reject(failure);
      expectEqual(await expectRejection(store.read(PATH, { onChunk }), "read"), failure, "the error");
    },
  },
  {
    group: "reading",
    title: "says when an object was written, by its own clock",
    async run({ store }, { clockStepMs = 20 }) {
      const first = await writeAndStat(store, "first");
      await new Promise((resolve) => setTimeout(resolve, 1.1 * clockStepMs));
      const second = await writeAndStat(store, "second");
      if (!(first > 0 && second > first))
        fail(`written at ${first}, and more than ${clockStepMs} ms later at ${second}`);
    },
  },
];

async function writeAndStat(store: Store, content: string): Promise<number> {
  await store.replace(PATH, [text(content)]);
  return (await store.stat(PATH))?.modifiedMs ?? Number.NaN;
}
