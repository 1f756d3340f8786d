import { describe, expect, it } from "vitest";
import { StoreIoError } from "../../src/errors/store-errors.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Chunks, Store, StoreCapabilities, StorePath, SyncStore } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import type { OpenedStore, StoreSubject } from "../../src/testing/store-case.ts";
import { runStoreCase, storeCases } from "../../src/testing/store-conformance.ts";

const capabilities: StoreCapabilities = { exclusiveCreate: true, durable: false, shared: false };

/** A store that does one thing wrong, and the case that must notice it. */
interface Liar {
  readonly lie: string;
  readonly noticedBy: string;
  readonly methods: (honest: Store) => Partial<Store>;
  readonly subject?: Partial<StoreSubject>;
}

const liars: readonly Liar[] = [
  {
    lie: "claims to be durable and is not",
    noticedBy: "is what it says of itself",
    methods: () => ({ capabilities: { ...capabilities, durable: true } }),
  },
  {
    lie: "takes every trouble for a missing object",
    noticedBy: "never takes a fault for a missing object",
    methods: (honest) => ({ read: (path, options) => honest.read(path, options).catch(() => undefined) }),
  },
  {
    lie: "fills up what was cut short",
    noticedBy: "shows an object that was cut short as it is",
    methods: (honest) => ({
      async read(path, options) {
        const bytes = await honest.read(path, options);
        return bytes && Buffer.concat([bytes, Buffer.alloc(2 * 8 * 1024 * 1024 + 5 - bytes.length)]);
      },
    }),
  },
  {
    lie: "has nothing as an empty object",
    noticedBy: "has nothing where nothing was written",
    methods: (honest) => ({ read: async (path, options) => (await honest.read(path, options)) ?? new Uint8Array() }),
  },
  {
    lie: "reads at most 8 MiB",
    noticedBy: "gives back 8388609 bytes as they were written",
    methods: (honest) => ({
      read: async (path, options) => (await honest.read(path, options))?.subarray(0, 8 * 1024 * 1024),
    }),
  },
  {
    lie: "gives all readers the same memory",
    noticedBy: "gives every reader bytes of its own",
    methods: (honest) => {
      const kept = new Map<string, Uint8Array | undefined>();
      return {
        async read(path, options) {
          if (!kept.has(path)) kept.set(path, await honest.read(path, options));
          return kept.get(path);
        },
      };
    },
  },
  {
    lie: "includes the end of a range",
    noticedBy: "reads a range, and less where the object ends",
    methods: (honest) => ({
      read: (path, options = {}) =>
        honest.read(path, options.range ? { range: { ...options.range, end: options.range.end + 1 } } : options),
    }),
  },
  {
    lie: "forgets maxBytes",
    noticedBy: "refuses an object of more than maxBytes",
    methods: (honest) => ({ read: (path, options = {}) => honest.read(path, { ...options, maxBytes: undefined }) }),
  },
  {
    lie: "hands on all parts but the last",
    noticedBy: "hands every part of a big object to onChunk once",
    methods: (honest) => ({
      read: (path, { onChunk, ...options } = {}) =>
        honest.read(path, {
          ...options,
          onChunk:
            onChunk && ((chunk, start) => (chunk.length === 8 * 1024 * 1024 ? onChunk(chunk, start) : undefined)),
        }),
    }),
  },
  {
    lie: "does not wait for the parts to be checked",
    noticedBy: "hands every part of a big object to onChunk once",
    methods: (honest) => ({
      read: (path, { onChunk, ...options } = {}) =>
        honest.read(path, { ...options, onChunk: onChunk && ((chunk, start) => void onChunk(chunk, start)) }),
    }),
  },
  {
    lie: "hands on small objects, too",
    noticedBy: "calls onChunk neither for small objects nor for ranges",
    methods: (honest) => ({
      async read(path, options = {}) {
        const bytes = await honest.read(path, options);
        if (bytes !== undefined && bytes.length <= 8 * 1024 * 1024) await options.onChunk?.(bytes, 0);
        return bytes;
      },
    }),
  },
  {
    lie: "goes on when a part was found wrong",
    noticedBy: "fails when onChunk fails",
    methods: (honest) => ({
      read: (path, { onChunk, ...options } = {}) =>
        honest.read(path, {
          ...options,
          onChunk: onChunk && ((chunk, start) => Promise.resolve(onChunk(chunk, start)).catch(() => {})),
        }),
    }),
  },
  {
    lie: "has no idea of time",
    noticedBy: "says when an object was written",
    methods: (honest) => ({
      async stat(path, options) {
        const entry = await honest.stat(path, options);
        return entry && { ...entry, modifiedMs: 1 };
      },
    }),
  },
  {
    lie: "drops what comes after an empty chunk",
    noticedBy: "replace writes all chunks in order",
    methods: (honest) => ({
      replace: async (path, chunks, options) => {
        const all = await collect(chunks);
        const end = all.findIndex((chunk, index) => chunk.length === 0 && index > 0);
        await honest.replace(path, end === -1 ? all.slice(1) : all.slice(0, end), options);
      },
    }),
  },
  {
    lie: "keeps the chunks that it is given, and reads them later",
    noticedBy: "writeFresh takes chunks that arrive in memory that is used again",
    methods: (honest) => ({
      writeFresh: async (path, chunks, options) => honest.writeFresh(path, await collect(chunks), options),
    }),
  },
  {
    lie: "leaves what it has written when the chunks fail",
    noticedBy: "createIfAbsent leaves nothing when its chunks fail",
    methods: (honest) => ({
      async createIfAbsent(path, chunks, options) {
        const written: Uint8Array[] = [];
        try {
          for await (const chunk of chunks) written.push(Uint8Array.from(chunk));
        } catch (error) {
          await honest.replace(path, written);
          throw error;
        }
        return honest.createIfAbsent(path, written, options);
      },
    }),
  },
  {
    lie: "removes the old object before the new one is whole",
    noticedBy: "replace leaves the object that was there when its chunks fail",
    methods: (honest) => ({
      async replace(path, chunks, options) {
        await honest.remove(path, options);
        await honest.replace(path, chunks, options);
      },
    }),
  },
  {
    lie: "writes over the old object, piece by piece",
    noticedBy: "replace never shows a mixture to those who read meanwhile",
    methods: (honest) => ({
      async replace(path, chunks, options) {
        const old = (await honest.read(path)) ?? new Uint8Array();
        const all = await collect(chunks);
        const [first = new Uint8Array()] = all;
        if (all.length === 2) {
          await honest.replace(path, [first, old.subarray(first.length)], options);
          await new Promise((resolve) => setTimeout(resolve));
        }
        await honest.replace(path, all, options);
      },
    }),
  },
  {
    lie: "shows an object before it is whole",
    noticedBy: "createIfAbsent shows an object to no reader before it is whole",
    methods: (honest) => ({
      async createIfAbsent(path, chunks, options) {
        const outcome = await honest.createIfAbsent(path, [], options);
        if (outcome === "created") await honest.replace(path, await collect(chunks), options);
        return outcome;
      },
    }),
  },
  {
    lie: "lists what is not finished",
    noticedBy: "replace shows an object to no reader before it is whole",
    methods: (honest) => ({
      async replace(path, chunks, options) {
        const temporary = storePath("points", "temporary");
        await honest.replace(temporary, []);
        await honest.replace(path, chunks, options).finally(() => honest.remove(temporary));
      },
    }),
  },
  {
    lie: "writes fresh over what is there",
    noticedBy: "writeFresh refuses a name that is in use",
    methods: (honest) => ({ writeFresh: (path, chunks, options) => honest.replace(path, chunks, options) }),
  },
  {
    lie: "stays as long as its longest object",
    noticedBy: "replace takes the place of a longer and of a shorter object",
    methods: (honest) => ({
      async replace(path, chunks, options) {
        const old = (await honest.read(path)) ?? new Uint8Array();
        const bytes = Buffer.concat(await collect(chunks));
        await honest.replace(path, [bytes, old.subarray(bytes.length)], options);
      },
    }),
  },
  {
    lie: "overwrites in silence, as some servers do with If-None-Match",
    noticedBy: "createIfAbsent leaves what is there, and says so",
    methods: (honest) => ({
      async createIfAbsent(path, chunks, options) {
        await honest.replace(path, chunks, options);
        return "created";
      },
    }),
  },
  {
    lie: "looks first and writes then",
    noticedBy: "createIfAbsent tells one of 64 callers that it created the object",
    methods: (honest) => ({
      async createIfAbsent(path, chunks, options) {
        if ((await honest.stat(path)) !== undefined) return "exists";
        await new Promise((resolve) => setTimeout(resolve));
        await honest.replace(path, chunks, options);
        return "created";
      },
    }),
  },
  {
    lie: "takes equal bytes for its own",
    noticedBy: "createIfAbsent tells one of 64 callers, even when all bring the same bytes",
    methods: (honest) => ({
      async createIfAbsent(path, chunks, options) {
        const all = await collect(chunks);
        const outcome = await honest.createIfAbsent(path, all, options);
        const there = (await honest.read(path)) ?? new Uint8Array();
        return Buffer.compare(there, Buffer.concat(all)) === 0 ? "created" : outcome;
      },
    }),
  },
  {
    lie: "remembers names that are gone",
    noticedBy: "createIfAbsent gives a name again after the object was removed",
    methods: (honest) => {
      const names = new Set<string>();
      return {
        async createIfAbsent(path, chunks, options) {
          const outcome = names.has(path) ? "exists" : await honest.createIfAbsent(path, chunks, options);
          names.add(path);
          return outcome;
        },
      };
    },
  },
  {
    lie: "removes without looking, as some services do",
    noticedBy: "remove takes the object away, once",
    methods: (honest) => ({
      async remove(path, options) {
        await honest.remove(path, options);
        return true;
      },
    }),
  },
  {
    lie: "copies where it should move",
    noticedBy: "move takes all bytes to another name",
    methods: (honest) => ({
      async move(from, to, options) {
        const bytes = await honest.read(from, options);
        if (bytes !== undefined) await honest.writeFresh(to, [bytes]);
        return bytes !== undefined;
      },
    }),
  },
  {
    lie: "moves nothing, and is content",
    noticedBy: "move says when there is nothing to move",
    methods: (honest) => ({
      async move(from, to, options) {
        await honest.move(from, to, options);
        return true;
      },
    }),
  },
  {
    lie: "moves onto other objects",
    noticedBy: "move refuses a name that is in use",
    methods: (honest) => ({
      async move(from, to, options) {
        if ((await honest.stat(from)) !== undefined) await honest.remove(to);
        return honest.move(from, to, options);
      },
    }),
  },
  {
    lie: "takes a prefix for a folder",
    noticedBy: "lists every object below a prefix",
    methods: (honest) => ({
      list: (prefix, options) => honest.list(prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`, options),
    }),
  },
  {
    lie: "lists the first page only",
    noticedBy: "lists more objects than one answer of a service holds",
    methods: (honest) => ({
      async *list(prefix, options) {
        let count = 0;
        for await (const entry of honest.list(prefix, options)) if (count++ < 1000) yield entry;
      },
    }),
  },
  {
    lie: "does not hear that it should stop",
    noticedBy: "rejects every call with the reason of a signal that is already aborted",
    methods: (honest) => ({ stat: (path) => honest.stat(path) }),
  },
  {
    lie: "writes what was aborted",
    noticedBy: "writeFresh that is aborted leaves nothing",
    methods: (honest) => ({
      async writeFresh(path, chunks, options) {
        await honest.writeFresh(path, chunks, options).catch(async (error: unknown) => {
          if (options?.signal?.aborted) await honest.writeFresh(path, [new Uint8Array(1)]);
          throw error;
        });
      },
    }),
  },
  {
    lie: "reads to the end whatever happens",
    noticedBy: "stops a read between two parts",
    methods: (honest) => ({
      read: (path, { signal, ...options } = {}) => {
        signal?.throwIfAborted();
        return honest.read(path, options);
      },
    }),
  },
  {
    lie: "goes wherever a path leads",
    noticedBy: "refuses every path that is not safe everywhere",
    methods: (honest) => ({
      read: async (path, options) => (path.includes("..") ? undefined : honest.read(path, options)),
    }),
  },
  {
    lie: "has a door to somewhere else",
    noticedBy: "reads what is there, up to its limit",
    methods: () => ({ sync: memoryStore().sync as NonNullable<Store["sync"]> }),
  },
  {
    lie: "creates through the door whatever is there",
    noticedBy: "creates an object if it is absent, and asynchronous calls see it",
    methods: (honest) => ({
      sync: {
        readShared: (path, maxBytes) => honest.sync?.readShared(path, maxBytes),
        createIfAbsent(path, chunks) {
          honest.sync?.createIfAbsent?.(path, chunks);
          return "created";
        },
      },
    }),
  },
  {
    lie: "has a door without a limit",
    noticedBy: "reads what is there, up to its limit",
    methods: (honest) => ({
      sync: {
        readShared: (path) => honest.sync?.readShared(path, Number.POSITIVE_INFINITY),
        createIfAbsent: (path, chunks) => honest.sync?.createIfAbsent?.(path, chunks) ?? "exists",
      },
    }),
  },
  {
    lie: "remembers what it has read, whatever others write",
    noticedBy: "shows what one has written to the other, at once",
    methods: (honest) => {
      const kept = new Map<StorePath, Promise<Uint8Array | undefined>>();
      return {
        capabilities: { ...capabilities, shared: true },
        read(path, options) {
          const bytes = kept.get(path) ?? honest.read(path, options);
          kept.set(path, bytes);
          return bytes;
        },
      };
    },
    subject: { capabilities: { ...capabilities, shared: true } },
  },
  {
    lie: "keeps order in one object only",
    noticedBy: "tells one of 64 callers through several store objects",
    methods: (honest) => ({
      capabilities: { ...capabilities, shared: true },
      async createIfAbsent(path, chunks, options) {
        const isFree = (await honest.stat(path)) === undefined;
        await new Promise((resolve) => setTimeout(resolve));
        if (isFree) await honest.replace(path, chunks, options);
        return isFree ? "created" : "exists";
      },
    }),
    subject: { capabilities: { ...capabilities, shared: true } },
  },
  {
    lie: "keeps order in one process only",
    noticedBy: "tells one of several processes",
    methods: () => ({ capabilities: { ...capabilities, shared: true } }),
    subject: {
      capabilities: { ...capabilities, shared: true },
      module: new URL(
        'data:text/javascript,export const openStore = () => ({ createIfAbsent: async () => "created" });',
      ),
    },
  },
];

describe("the conformance suite", () => {
  it.each(liars)("notices a store that $lie", async (liar) => {
    const failed = await failedCases(liar);
    expect(failed).toContainEqual(expect.stringContaining(liar.noticedBy));
  });

  it("has a liar for each of its groups", () => {
    const all = storeCases({ ...subjectOf({}), capabilities: { ...capabilities, shared: true } });
    const groups = liars.map((liar) => all.find((storeCase) => storeCase.title.includes(liar.noticedBy))?.group);
    const offered = new Set(all.map((storeCase) => storeCase.group));
    expect([...offered].filter((group) => !groups.includes(group))).toEqual([]);
  });

  it("finds nothing wrong with an honest store in the same wrapping", async () => {
    expect(await failedCases({ lie: "", noticedBy: "", methods: () => ({}) })).toEqual([]);
  });
});

async function failedCases(liar: Liar): Promise<string[]> {
  const subject = subjectOf(liar);
  const failed: string[] = [];
  for (const storeCase of storeCases(subject)) {
    // The case that must notice, or all of them where none may.
    if (liar.noticedBy !== "" && !storeCase.title.includes(liar.noticedBy)) continue;
    await runStoreCase(storeCase, subject).catch((error: unknown) =>
      failed.push(`${storeCase.title}: ${String(error)}`),
    );
  }
  return failed;
}

interface BreakableStore extends OpenedStore {
  breakNow(): void;
}

let places = 0;

function subjectOf({ methods = () => ({}), subject }: Partial<Liar>): StoreSubject {
  return {
    name: "a liar",
    capabilities,
    synchronous: true,
    async open(): Promise<BreakableStore> {
      const name = `liar ${places++}`;
      let isBroken = false;
      const open = (): Store =>
        override(
          breakable(memoryStore({ name }), () => isBroken),
          methods,
        );
      const breakNow = (): void => {
        isBroken = true;
      };
      return { store: open(), place: name, reopen: async () => open(), close: async () => {}, breakNow };
    },
    disable: async (opened) => (opened as BreakableStore).breakNow(),
    async truncate({ place = "" }, path, sizeBytes) {
      const store = memoryStore({ name: place });
      const bytes = (await store.read(path)) ?? new Uint8Array();
      await store.replace(path, [bytes.subarray(0, sizeBytes)]);
    },
    ...subject,
  };
}

/** A store whose every call fails once it is broken. */
function breakable(store: Store, isBroken: () => boolean): Store {
  const fail = (): never => {
    throw new StoreIoError({ operation: "read", path: "memory:/points" }, "the connection was lost");
  };
  const guard = (method: (...args: unknown[]) => unknown): unknown => {
    return (...args: unknown[]) => (isBroken() ? failLike(method(...args), fail) : method(...args));
  };
  const sync = new Proxy(store.sync as SyncStore, {
    get:
      (target, name) =>
      (...args: unknown[]) =>
        isBroken() ? fail() : (Reflect.get(target, name) as (...all: unknown[]) => unknown)(...args),
  });
  return new Proxy(store, {
    get(target, name) {
      if (name === "sync") return sync;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? guard(value.bind(target)) : value;
    },
  });
}

/** A call fails in the way that its result can: a promise rejects, an iteration throws. */
function failLike(result: unknown, fail: () => never): unknown {
  if (!(result instanceof Promise)) return { [Symbol.asyncIterator]: fail };
  return result.then(fail, fail);
}

function override(honest: Store, methods: (honest: Store) => Partial<Store>): Store {
  const own = methods(honest);
  return new Proxy(honest, {
    get: (target, name) => (Object.hasOwn(own, name) ? own[name as keyof Store] : Reflect.get(target, name)),
  });
}

async function collect(chunks: Chunks): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}
