import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/entry/index.ts";
import { type LayeredMode, layeredStore, ReadOnlyStoreError } from "../../src/entry/stores/layered.ts";
import { brokenArtifacts, type FaultyStore, faultyStore, objectsIn } from "../support/faulty-store.ts";
import { layers, load, never, PATH, text, word } from "../support/two-layers.ts";

describe("writing through", () => {
  test("puts an artifact into both stores, its payload before its record", async () => {
    const { local, remote, store } = layers();
    await load(store, 1);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
    const written = remote.calls.filter((call) => /^(write|create) points/.test(call));
    expect(written).toEqual([expect.stringMatching(/^write .*\.npy$/), expect.stringMatching(/^create .*\.json$/)]);
  });

  test("sends a payload again that did not get through, before its record", async () => {
    const { remote, store } = layers();
    let isFirst = true;
    remote.fails = (operation) => {
      const fails = operation === "write" && isFirst;
      if (fails) isFirst = false;
      return fails;
    };
    await load(store, 1);
    expect(await load(remote, 2, never)).toBe(1);
  });

  test("sends no record whose payload does not get through", async () => {
    const { local, remote, store } = layers();
    remote.fails = (operation, path) => path.endsWith(".npy") && operation !== "stat";
    await load(store, 1);
    expect(await load(local, 2, never)).toBe(1);
    expect(await objectsIn(remote)).toEqual(new Map());
    remote.fails = () => false;
    expect(await store.push()).toMatchObject({ sent: 1, present: 0, failed: 0 });
    expect(await store.push()).toMatchObject({ sent: 0, present: 1, failed: 0 });
    expect(await load(remote, 2, never)).toBe(1);
  });

  test("lets the remote decide who was first, and gives the other one the winner's artifact", async () => {
    const { local, remote, store } = layers();
    expect(await load(store, 2, () => load(remote, 1))).toBe(1);
    expect(await objectsIn(local)).toEqual(await objectsIn(remote));
  });

  test("keeps its own artifact where the winner's cannot be had", async () => {
    const { local, remote, store } = layers();
    const loseTo = async (): Promise<void> => {
      await load(remote, 1);
      remote.fails = (operation, path) => path.endsWith(".npy") && operation === "read";
    };
    expect(await load(store, 2, loseTo)).toBe(2);
    remote.fails = () => false;
    expect(await load(store, 3, never)).toBe(2);
    expect(await load(local, 3, never)).toBe(2);
    expect(await load(remote, 3, never)).toBe(1);
  });

  test("ends with one whole artifact on each side where the remote cannot decide", async () => {
    const remote = faultyStore(memoryStore(), { exclusiveCreate: false });
    const [one, other] = [layers(remote), layers(remote)];
    const loaded = await Promise.all([load(one.store, 1), load(other.store, 2)]);
    for (const store of [remote, one.local, other.local]) expect(await brokenArtifacts(store)).toEqual([]);
    expect(loaded).toContain(await load(remote, 3, never));
  });

  test("leaves a payload in the remote that a record there still names", async () => {
    const { remote, store } = layers();
    await load(store, 1);
    const [payload = PATH] = [...(await objectsIn(remote)).keys()].filter((path) => path.endsWith(".npy"));
    expect(await store.remove(payload)).toBe(true);
    expect(await brokenArtifacts(remote)).toEqual([]);
    expect(await load(store, 2, never)).toBe(1);
  });
});

describe("a remote that fails", () => {
  test.each([true, "late"] as const)(
    "costs nobody a payload, whatever call is the last that works (failing %s)",
    async (how) => {
      const { remote } = layers();
      const own = await countCalls(remote);
      for (let last = 0; last <= own; last++) {
        const fresh = layers();
        let calls = 0;
        fresh.remote.fails = () => calls++ >= last && how;
        expect(await load(fresh.store, 1)).toBe(1);
        expect(await brokenArtifacts(fresh.local), `local, after ${last} calls`).toEqual([]);
        expect(await load(fresh.local, 2, never)).toBe(1);
        fresh.remote.fails = () => false;
        expect(await brokenArtifacts(fresh.remote), `remote, after ${last} calls`).toEqual([]);
        expect(await load(layeredStore({ ...fresh, local: memoryStore() }), 1)).toBe(1);
      }
      expect(own).toBeGreaterThan(3);
    },
  );

  test.each([true, "late"] as const)(
    "costs nobody a payload that it has, whatever single call fails (%s)",
    async (how) => {
      for (let failing = 0; failing < 20; failing++) {
        const fresh = layers();
        await load(fresh.remote, 1);
        let calls = 0;
        fresh.remote.fails = () => calls++ === failing && how;
        const loaded = await load(fresh.store, 2);
        expect([1, 2]).toContain(loaded);
        fresh.remote.fails = () => false;
        for (const store of [fresh.local, fresh.remote])
          expect(await brokenArtifacts(store), `call ${failing}`).toEqual([]);
        expect(await load(fresh.store, 3, never)).toBe(loaded);
        // It was whole, and must not be judged by the part that did not arrive.
        expect(await load(fresh.remote, 3, never)).toBe(1);
      }
    },
  );

  async function countCalls(remote: FaultyStore): Promise<number> {
    const before = remote.calls.length;
    await load(layeredStore({ local: memoryStore(), remote }), 1);
    return remote.calls.length - before;
  }
});

describe("modes", () => {
  test("a remote that is only read stays as it is", async () => {
    const { local, remote, store } = layers(undefined, "local:rw,remote:r");
    await word(remote, "shared");
    const before = await objectsIn(remote);
    const callsBefore = remote.calls.length;
    expect(await word(store, "own")).toBe("shared");
    expect(await load(store, 1)).toBe(1);
    expect(await load(local, 2, never)).toBe(1);
    expect(await objectsIn(remote)).toEqual(before);
    expect(remote.calls.slice(callsBefore).filter((call) => !/^(read|stat|list) /.test(call))).toEqual([]);
    await expect(store.push()).rejects.toBeInstanceOf(ReadOnlyStoreError);
  });

  test("a local store that is only read stays as it is, and what it lacks is not kept", async () => {
    const { local, remote, store } = layers(undefined, "local:r,remote:rw");
    await word(remote, "shared");
    expect(await word(store, "own")).toBe("shared");
    expect(await load(store, 1)).toBe(1);
    expect(await objectsIn(local)).toEqual(new Map());
    expect(await load(remote, 2, never)).toBe(1);
    remote.isDown = true;
    await expect(store.createIfAbsent(PATH, [text("x")])).rejects.toThrow(/ECONNREFUSED/);
  });

  test("stores that are only read give what they have, and say so when they should give more", async () => {
    const { remote, store } = layers(undefined, "local:r,remote:r");
    await load(remote, 1);
    expect(await load(store, 2, never)).toBe(1);
    await expect(word(store, "own")).rejects.toBeInstanceOf(ReadOnlyStoreError);
    remote.isDown = true;
    const refused = await load(store, 2, never).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ReadOnlyStoreError);
    expect((refused as ReadOnlyStoreError).message).toContain("ECONNREFUSED");
  });

  test("refuses a mode that is none", () => {
    expect(() => layers(undefined, "local:w,remote:r" as LayeredMode)).toThrow(TypeError);
  });
});
