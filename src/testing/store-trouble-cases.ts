import { InvalidStorePathError, StoreError } from "../errors/store-errors.ts";
import type { Store, StorePath } from "../store/store.ts";
import { collected } from "../util/concurrency/collected.ts";
import { CHUNK_BYTES } from "../util/digest/chunk-bytes.ts";
import { expectBytes, expectEqual, expectRejection, fail } from "./expectation.ts";
import { arriving, listAll, listPaths, OTHER_PATH, PATH, pattern, paused, text } from "./sample-objects.ts";
import type { StoreCase } from "./store-case.ts";

/** A caller that aborts gets its reason at once, and leaves nothing. */
export const abortingCases: readonly StoreCase[] = [
  {
    group: "aborting",
    title: "rejects every call with the reason of a signal that is already aborted",
    async run({ store }) {
      await store.createIfAbsent(PATH, [text("payload")]);
      const reason = Object.assign(new Error("changed my mind"), { code: "ENOENT" });
      const signal = AbortSignal.abort(reason);
      const calls = callEverything(store, OTHER_PATH, signal);
      calls.set("read of an object", () => store.read(PATH, { signal }));
      calls.set("remove of an object", () => store.remove(PATH, { signal }));
      calls.set("move of an object", () => store.move(PATH, OTHER_PATH, { signal }));
      for (const [name, call] of calls) expectEqual(await expectRejection(call(), name), reason, `reason of ${name}`);
      expectEqual(await listPaths(store), [PATH], "listed afterwards");
    },
  },
  ...(["writeFresh", "createIfAbsent", "replace"] as const).map(
    (way): StoreCase => ({
      group: "aborting",
      title: `${way} that is aborted leaves nothing, and does not wait for chunks that never come`,
      async run({ store }) {
        const reason = Object.assign(new Error("changed my mind"), { code: "ENOENT" });
        const controller = new AbortController();
        const { chunks, reached } = paused(pattern(200_000), text("never"));
        const writing = store[way](PATH, chunks, { signal: controller.signal });
        await reached;
        controller.abort(reason);
        expectEqual(await expectRejection(writing, way), reason, "the reason");
        expectEqual(await store.read(PATH), undefined, "read afterwards");
        expectEqual(await listPaths(store), [], "listed afterwards");
        await store[way](PATH, [text("again")]);
        expectBytes(await store.read(PATH), text("again"), "the next attempt");
      },
    }),
  ),
  {
    group: "aborting",
    title: "stops a read between two parts",
    async run({ store }) {
      await store.writeFresh(PATH, [pattern(8 * CHUNK_BYTES)]);
      const reason = Object.assign(new Error("changed my mind"), { code: "ENOENT" });
      const controller = new AbortController();
      const onChunk = (): void => controller.abort(reason);
      const reading = store.read(PATH, { signal: controller.signal, onChunk });
      expectEqual(await expectRejection(reading, "read"), reason, "the reason");
    },
  },
];

/** A store refuses these: they lead out of it, or name another object on another machine. */
const hostilePaths = [
  "",
  ".",
  "..",
  "../outside",
  "points/../../outside",
  "/etc/passwd",
  "points//a",
  "points/",
  "points\\a",
  "C:\\a",
  "points/a\0b",
  "points/CON",
  "points/aux.txt",
  "points/a.",
  "points/a ",
  "points/a:b",
  `points/${"a".repeat(201)}`,
] as readonly string[] as readonly StorePath[];

/** No path leads out of the store. */
export const pathCases: readonly StoreCase[] = [
  {
    group: "paths",
    title: "refuses every path that is not safe everywhere, in every call",
    async run({ store }) {
      await store.createIfAbsent(PATH, [text("payload")]);
      for (const path of hostilePaths) {
        const calls = callEverything(store, path, undefined);
        if (path === "" || path.endsWith("/")) calls.delete("list");
        calls.set("move onto it", () => store.move(PATH, path));
        for (const [name, call] of calls) await expectRefusal(call(), `${name} of ${JSON.stringify(path)}`);
        await expectRefusal(
          attemptSync(() => store.sync?.readShared(path, 100)),
          `readShared of ${JSON.stringify(path)}`,
          store,
        );
        if (store.sync?.exists !== undefined)
          await expectRefusal(
            attemptSync(() => store.sync?.exists?.(path)),
            `exists of ${JSON.stringify(path)}`,
          );
        await expectRefusal(
          attemptSync(() => store.sync?.createIfAbsent?.(path, [])),
          `createIfAbsent of ${JSON.stringify(path)}`,
          store,
        );
      }
      expectEqual(await listPaths(store), [PATH], "listed afterwards");
    },
  },
];

async function expectRefusal(call: Promise<unknown>, what: string, forDoorOf?: Store): Promise<void> {
  if (forDoorOf !== undefined && forDoorOf.sync === undefined) return;
  const error = await expectRejection(call, what);
  if (!(error instanceof InvalidStorePathError))
    fail(`${what}: expected an InvalidStorePathError, got ${String(error)}`);
}

async function attemptSync(call: () => unknown): Promise<unknown> {
  return call();
}

function callEverything(
  store: Store,
  path: StorePath,
  signal: AbortSignal | undefined,
): Map<string, () => Promise<unknown>> {
  return new Map<string, () => Promise<unknown>>([
    ["read", () => store.read(path, { signal })],
    ["stat", () => store.stat(path, { signal })],
    ["writeFresh", () => store.writeFresh(path, [text("x")], { signal })],
    ["createIfAbsent", () => store.createIfAbsent(path, [text("x")], { signal })],
    ["createIfAbsent of a stream", () => store.createIfAbsent(path, arriving(text("x")), { signal })],
    ["replace", () => store.replace(path, [text("x")], { signal })],
    ["move", () => store.move(path, OTHER_PATH, { signal })],
    ["remove", () => store.remove(path, { signal })],
    ["list", () => collected(store.list(path, { signal }))],
  ]);
}

/** A store that cannot be read is not an empty one, and a store never hides damage. */
export const faultCases: readonly StoreCase[] = [
  {
    group: "faults",
    title: "never takes a fault for a missing object",
    needs: ["disable"],
    async run(opened, subject) {
      const { store } = opened;
      await store.createIfAbsent(PATH, [text("payload")]);
      await subject.disable?.(opened);
      const calls = callEverything(store, PATH, undefined);
      calls.set("list of everything", () => listAll(store));
      if (store.sync !== undefined) {
        calls.set("readShared", () => attemptSync(() => store.sync?.readShared(PATH, 100)));
        if (store.sync.exists !== undefined)
          calls.set("sync.exists", () => attemptSync(() => store.sync?.exists?.(PATH)));
        calls.set("sync.createIfAbsent", () => attemptSync(() => store.sync?.createIfAbsent?.(PATH, [text("x")])));
      }
      for (const [name, call] of calls) {
        const error = await expectRejection(call(), name);
        if (!(error instanceof StoreError)) fail(`${name}: expected a StoreError, got ${String(error)}`);
        if (name !== "list of everything" && !error.path.includes("points"))
          fail(`${name}: its error does not say where: ${error.message}`);
      }
    },
  },
  {
    group: "faults",
    title: "shows an object that was cut short as it is, never filled up",
    needs: ["truncate"],
    async run(opened, subject) {
      const { store } = opened;
      const bytes = pattern(2 * CHUNK_BYTES + 5);
      await store.writeFresh(PATH, [bytes]);
      for (const sizeBytes of [2 * CHUNK_BYTES + 4, 2 * CHUNK_BYTES, CHUNK_BYTES + 1, 100, 0]) {
        await subject.truncate?.(opened, PATH, sizeBytes);
        const read = await store.read(PATH, { onChunk: () => {} }).catch((error: unknown) => error);
        if (!(read instanceof StoreError))
          expectBytes(read, bytes.subarray(0, sizeBytes), `read of ${sizeBytes} bytes`);
        const stat = await store.stat(PATH).catch((error: unknown) => error);
        if (!(stat instanceof StoreError))
          expectEqual((stat as { sizeBytes: number }).sizeBytes, sizeBytes, "size in stat");
      }
    },
  },
];
