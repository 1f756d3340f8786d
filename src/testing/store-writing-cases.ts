import type { Chunks, Store, StorePath } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { expectBytes, expectEqual, expectRejection, expectStoreError, fail } from "./expectation.ts";
import { arriving, failing, listPaths, OTHER_PATH, PATH, pattern, paused, text } from "./sample-objects.ts";
import type { StoreCase } from "./store-case.ts";

const ways = ["writeFresh", "createIfAbsent", "replace"] as const;

/** An object appears whole or not at all, and only where it may. */
export const writingCases: readonly StoreCase[] = [
  ...ways.flatMap((way): StoreCase[] => [
    {
      group: "writing",
      title: `${way} writes all chunks in order, whatever their sizes`,
      async run({ store }) {
        const memory = pattern(400_000);
        const chunks = [0, 1, 2, 65_535, 65_536, 65_537, 100_000, 100_000, 300_000].map((end, index, ends) =>
          memory.subarray(ends[index - 1] ?? 0, end),
        );
        await store[way](PATH, chunks);
        expectBytes(await store.read(PATH), memory.subarray(0, 300_000), "from a list");
        await store[way](OTHER_PATH, arriving(...chunks));
        expectBytes(await store.read(OTHER_PATH), memory.subarray(0, 300_000), "one by one");
        await store[way](storePath("points", "empty"), []);
        expectBytes(await store.read(storePath("points", "empty")), new Uint8Array(), "no chunk at all");
      },
    },
    {
      group: "writing",
      title: `${way} takes chunks that arrive in memory that is used again`,
      async run({ store }) {
        const memory = new Uint8Array(3);
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (const word of ["one", "two", "six"]) {
            memory.set(text(word));
            yield memory;
          }
        }
        await store[way](PATH, chunks());
        expectBytes(await store.read(PATH), text("onetwosix"), "read");
      },
    },
    {
      group: "writing",
      title: `${way} leaves nothing when its chunks fail, and passes their error on`,
      async run({ store }) {
        const failure = Object.assign(new Error("the generator failed"), { code: "ENOENT" });
        const written = store[way](PATH, failing(pattern(200_000), failure));
        expectEqual(await expectRejection(written, way), failure, "the error");
        expectEqual(await store.read(PATH), undefined, "read afterwards");
        expectEqual(await listPaths(store), [], "listed afterwards");
        await store[way](PATH, [text("again")]);
        expectBytes(await store.read(PATH), text("again"), "the next attempt");
      },
    },
  ]),
  ...(["createIfAbsent", "replace"] as const).map(
    (way): StoreCase => ({
      group: "writing",
      title: `${way} shows an object to no reader before it is whole`,
      async run({ store }) {
        const { chunks, reached, release } = paused(pattern(200_000), text("end"));
        const writing = store[way](PATH, chunks);
        await reached;
        expectEqual(await store.read(PATH), undefined, "read during the write");
        expectEqual(await store.stat(PATH), undefined, "stat during the write");
        expectEqual(await listPaths(store), [], "listed during the write");
        release();
        await writing;
        expectEqual((await store.read(PATH))?.length, 200_003, "size afterwards");
      },
    }),
  ),
  {
    group: "writing",
    title: "writeFresh refuses a name that is in use, and leaves what is there",
    async run({ store }) {
      await store.writeFresh(PATH, [text("first")]);
      await expectStoreError(store.writeFresh(PATH, [text("second")]), "writeFresh onto an object");
      expectBytes(await store.read(PATH), text("first"), "read");
    },
  },
  {
    group: "writing",
    title: "replace takes the place of a longer and of a shorter object",
    async run({ store }) {
      for (const size of [100, 10, 300_000, 0, 1]) {
        await store.replace(PATH, [pattern(size)]);
        expectBytes(await store.read(PATH), pattern(size), `after replacing it by ${size} bytes`);
        expectEqual((await store.stat(PATH))?.sizeBytes, size, "size in stat");
      }
      expectEqual(await listPaths(store), [PATH], "listed");
    },
  },
  {
    group: "writing",
    title: "replace leaves the object that was there when its chunks fail",
    async run({ store }) {
      await store.replace(PATH, [text("first")]);
      await expectRejection(store.replace(PATH, failing(pattern(200_000), new Error("no more"))), "replace");
      expectBytes(await store.read(PATH), text("first"), "read");
    },
  },
  {
    group: "writing",
    title: "replace never shows a mixture to those who read meanwhile",
    async run({ store }) {
      const contents = [1, 2].map((value) => new Uint8Array(300_000).fill(value));
      await store.replace(PATH, [contents[0] as Uint8Array]);
      let isDone = false;
      const writing = async (): Promise<void> => {
        try {
          for (let round = 0; round < 20; round++)
            await store.replace(PATH, inHalves(contents[round % 2] as Uint8Array));
        } finally {
          isDone = true;
        }
      };
      // Wait for both, so that no write is under way when the store is closed.
      const outcomes = await Promise.allSettled([readUntil(store, () => isDone), writing()]);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    },
  },
  {
    group: "writing",
    title: "moves and removes a folder with all that is in it, where it can",
    async run({ store }) {
      const { moveFolder, removeTree } = store;
      if (moveFolder === undefined || removeTree === undefined) return;
      const [from, to] = [storePath("points", "a.files"), storePath("aside", "b.files")];
      for (const inner of ["1", "sub/2"]) await store.writeFresh(`${from}/${inner}` as StorePath, [text(inner)]);
      expectEqual(await moveFolder.call(store, from, to), true, "the first move");
      expectEqual(await moveFolder.call(store, from, to), false, "a move of nothing");
      expectEqual((await listPaths(store)).sort(), [`${to}/1`, `${to}/sub/2`], "listed after the move");
      expectBytes(await store.read(storePath("aside", "b.files", "sub", "2")), text("sub/2"), "read after it");
      await store.writeFresh(storePath("points", "a.files", "3"), [text("3")]);
      await expectStoreError(moveFolder.call(store, from, to), "a move onto a folder that is there");
      expectEqual(await removeTree.call(store, to), true, "the first removal");
      expectEqual(await removeTree.call(store, to), false, "a removal of nothing");
      expectEqual(await listPaths(store), ["points/a.files/3"], "listed after the removal");
    },
  },
];

function inHalves(bytes: Uint8Array): Chunks {
  return arriving(bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2));
}

async function readUntil(store: Store, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    // A store in memory never yields to the event loop by itself, and the writer would never go on.
    await new Promise((resolve) => setTimeout(resolve));
    const bytes = await store.read(PATH);
    if (bytes?.length !== 300_000) fail(`a reader saw ${bytes?.length} bytes of 300000`);
    if (bytes[0] !== bytes[150_000] || bytes[0] !== bytes[299_999]) fail("a reader saw parts of two objects");
  }
}
