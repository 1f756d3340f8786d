import type { Store, SyncStore } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { expectBytes, expectEqual, fail } from "./expectation.ts";
import { createInProcesses } from "./processes.ts";
import { listPaths, OTHER_PATH, PATH, pattern, text } from "./sample-objects.ts";
import type { OpenedStore, StoreCase } from "./store-case.ts";

const CALLERS = 64;

/** One of many callers that want a name gets it. */
export const sharingCases: readonly StoreCase[] = [
  {
    group: "creating",
    title: `createIfAbsent tells one of ${CALLERS} callers that it created the object`,
    needs: ["exclusiveCreate"],
    async run({ store }) {
      await expectOneWinner([store], (caller) => pattern(1000 + caller));
    },
  },
  {
    group: "creating",
    title: `createIfAbsent tells one of ${CALLERS} callers, even when all bring the same bytes`,
    needs: ["exclusiveCreate"],
    async run({ store }) {
      await expectOneWinner([store], () => pattern(1000));
    },
  },
  {
    group: "sharing",
    title: "shows what one has written to the other, at once",
    needs: ["shared"],
    async run({ store, reopen }) {
      const other = await required(reopen, "reopen")();
      expectEqual(other.url, store.url, "url");
      expectEqual(other.capabilities, store.capabilities, "capabilities");
      expectEqual(await other.read(PATH), undefined, "read before");
      await store.createIfAbsent(PATH, [text("one")]);
      expectBytes(await other.read(PATH), text("one"), "read after createIfAbsent");
      await other.replace(PATH, [text("two")]);
      expectBytes(await store.read(PATH), text("two"), "read after replace");
      await store.remove(PATH);
      expectEqual(await other.read(PATH), undefined, "read after remove");
      expectEqual(await other.createIfAbsent(PATH, [text("three")]), "created", "createIfAbsent after remove");
      expectEqual(await store.createIfAbsent(PATH, [text("four")]), "exists", "createIfAbsent");
    },
  },
  {
    group: "sharing",
    title: `tells one of ${CALLERS} callers through several store objects that it created the object`,
    needs: ["shared", "exclusiveCreate"],
    async run({ store, reopen }) {
      const open = required(reopen, "reopen");
      await expectOneWinner([store, await open(), await open(), await open()], (caller) => pattern(1000 + caller));
    },
  },
  {
    group: "sharing",
    title: "tells one of several processes that it created the object",
    needs: ["shared", "exclusiveCreate"],
    async run({ store, place }, { module }) {
      const paths = Array.from({ length: 25 }, (_, index) => storePath("race", `${index}.json`));
      const outcomes = await createInProcesses(required(module, "module"), required(place, "place"), 4, paths);
      for (const [index, path] of paths.entries()) {
        const winners = outcomes.flatMap((told, caller) => (told[index] === "created" ? [caller] : []));
        if (winners.length !== 1) fail(`${winners.length} of 4 processes were told that they created ${path}`);
        expectBytes(await store.read(path), text(`process ${winners[0]}`), `read of ${path}`);
      }
    },
  },
];

async function expectOneWinner(stores: readonly Store[], content: (caller: number) => Uint8Array): Promise<void> {
  const callers = Array.from({ length: CALLERS }, (_, caller) => caller);
  const create = (caller: number): Promise<string> =>
    (stores[caller % stores.length] as Store).createIfAbsent(PATH, [content(caller)]);
  const told = await Promise.all(callers.map(create));
  const winners = callers.filter((caller) => told[caller] === "created");
  expectEqual(winners.length, 1, "number of callers that were told they created it");
  expectEqual(told.filter((outcome) => outcome === "exists").length, CALLERS - 1, "number of the others");
  for (const store of stores) expectBytes(await store.read(PATH), content(winners[0] as number), "read");
}

function required<Value>(value: Value | undefined, name: string): Value {
  return value ?? fail(`the store says that it is shared: give the suite \`${name}\`, so that this can be shown`);
}

/** Proves that the synchronous calls work on the same objects as the asynchronous ones. */
export const doorCases: readonly StoreCase[] = [
  {
    group: "the synchronous door",
    title: "reads what is there, up to its limit, into memory that it uses again",
    needs: ["synchronous"],
    async run(opened) {
      const { store, sync } = door(opened);
      expectEqual(sync.readShared(PATH, 100), undefined, "read of nothing");
      for (const size of [0, 1, 1000, 65_535, 65_536, 65_537, 400_000]) {
        await store.replace(PATH, [pattern(size)]);
        expectBytes(sync.readShared(PATH, 400_000), pattern(size), `read of ${size} bytes`);
        expectBytes(sync.readShared(PATH, size), pattern(size), `read of ${size} bytes at the limit`);
        if (size > 0)
          expectEqual(sync.readShared(PATH, size - 1), "too-large", `read of ${size} bytes above the limit`);
      }
      await store.replace(PATH, [text("kept")]);
      const shared = sync.readShared(PATH, 100);
      if (shared instanceof Uint8Array) shared.fill(0);
      expectBytes(sync.readShared(PATH, 100), text("kept"), "read after a reader has changed the shared bytes");
    },
  },
  {
    group: "the synchronous door",
    title: "tells what exists, where it tells that at all",
    needs: ["synchronous"],
    async run(opened) {
      const { store, sync } = door(opened);
      if (sync.exists === undefined) return;
      expectEqual(sync.exists(PATH), false, "before anything was written");
      await store.createIfAbsent(OTHER_PATH, [text("other")]);
      expectEqual(sync.exists(PATH), false, "beside another object");
      await store.createIfAbsent(PATH, []);
      expectEqual([sync.exists(PATH), sync.exists(OTHER_PATH)], [true, true], "after createIfAbsent");
      await store.replace(PATH, [text("again")]);
      expectEqual(sync.exists(PATH), true, "after replace");
      await store.remove(PATH);
      expectEqual([sync.exists(PATH), sync.exists(OTHER_PATH)], [false, true], "after remove");
    },
  },
  {
    group: "the synchronous door",
    title: "creates an object if it is absent, and asynchronous calls see it",
    needs: ["synchronous"],
    async run(opened) {
      const { store, sync } = door(opened);
      // Until the first write, a store may offer the synchronous reads alone.
      await store.createIfAbsent(OTHER_PATH, [text("other")]);
      const create: NonNullable<SyncStore["createIfAbsent"]> = (...args) =>
        sync.createIfAbsent?.(...args) ??
        fail("it cannot create synchronously, although something was written already");
      expectEqual(create(PATH, [text("one"), text(" "), text("two")]), "created", "the first");
      expectEqual(create(PATH, [text("again")]), "exists", "the second");
      expectBytes(await store.read(PATH), text("one two"), "read");
      expectEqual(await store.createIfAbsent(PATH, [text("again")]), "exists", "the other way");
      expectEqual(create(OTHER_PATH, [text("again")], { durable: false }), "exists", "after the other way");
      expectEqual(await listPaths(store), [PATH, OTHER_PATH].sort(), "listed");
    },
  },
];

function door({ store }: OpenedStore): { store: Store; sync: SyncStore } {
  return { store, sync: store.sync ?? fail("there is no synchronous door") };
}
