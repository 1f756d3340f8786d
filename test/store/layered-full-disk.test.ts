import { afterEach, describe, expect, test } from "vitest";
import { StoreAccessError, StoreFullError, StoreIoError } from "../../src/entry/index.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { digestsIn, faultyStore } from "../support/faulty-store.ts";
import { override } from "../support/override-store.ts";
import { damageIn, payloadKinds } from "../support/payload-kinds.ts";

const failures = {
  full: (path: StorePath) => new StoreFullError({ operation: "write", path, systemCode: "ENOSPC" }),
  "read-only": (path: StorePath) => new StoreAccessError({ operation: "create", path, systemCode: "EROFS" }),
  broken: (path: StorePath) => new StoreIoError({ operation: "create", path, systemCode: "EIO" }),
};

/**
 * A store that can be read, and takes nothing; of a source it takes some before it says so, as a
 * disk does.
 */
function unwritable(store: Store, failure: (path: StorePath) => Error): Store {
  const fail = async (path: StorePath, chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[]): Promise<never> => {
    for await (const _chunk of chunks) break;
    throw failure(path);
  };
  return override(store, {
    writeFresh: fail,
    createIfAbsent: fail,
    replace: fail,
    move: async (from) => {
      throw failure(from);
    },
    remove: async (path) => {
      throw failure(path);
    },
  });
}

const warnings: Error[] = [];
const listener = (warning: Error): void => void warnings.push(warning);
afterEach(() => {
  process.off("warning", listener);
  warnings.length = 0;
});

for (const [state, failure] of Object.entries(failures))
  describe.each(payloadKinds)(`a local disk that is ${state}, and a $name payload in the remote`, (kind) => {
    test("does not hide what the remote has, and warns once", async () => {
      process.on("warning", listener);
      const remote = memoryStore();
      await kind.ask(remote, 1, "generate");
      const sound = await digestsIn(remote);
      // Warnings of other tests may still be on their way.
      const disk = `disk-of-${state}-${kind.name}`;
      const local = unwritable(memoryStore(), (path) => failure(`${disk}/${path}` as StorePath));
      const store = layeredStore({ local, remote });
      for (const asked of ["load", "loadOrGenerate", "load"] as const) expect(await kind.ask(store, 2, asked)).toBe(1);
      expect(await kind.at(store).isPersisted()).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      const ours = warnings.filter(({ message }) => message.includes(disk));
      expect(ours.map(({ name }) => name)).toEqual(["LocalStoreWarning"]);
      expect(store.failures().count).toBe(0);
      expect(await digestsIn(remote)).toEqual(sound);
    });

    test("does not hide it behind a damaged copy, either", async () => {
      const [inner, remote] = [memoryStore(), memoryStore()];
      await kind.ask(layeredStore({ local: inner, remote }), 1, "loadOrGenerate");
      const sound = await digestsIn(remote);
      for (const how of ["flip", "cut", "remove"] as const) {
        await damageIn(inner, how, () => true);
        const store = layeredStore({ local: unwritable(inner, failure), remote });
        for (const asked of ["load", "loadOrGenerate"] as const) expect(await kind.ask(store, 2, asked)).toBe(1);
        expect(await digestsIn(remote)).toEqual(sound);
      }
    });

    test("keeps copies again when there is room", async () => {
      const [inner, remote] = [memoryStore(), faultyStore(memoryStore())];
      await kind.ask(remote, 1, "generate");
      process.on("warning", listener);
      await kind.ask(layeredStore({ local: unwritable(memoryStore(), failure), remote }), 2, "load");
      await kind.ask(layeredStore({ local: inner, remote }), 2, "load");
      remote.isDown = true;
      expect(await kind.ask(layeredStore({ local: inner, remote }), 2, "load")).toBe(1);
    });
  });
