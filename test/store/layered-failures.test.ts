import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { acquireLease } from "../../src/artifact/lease/lease.ts";
import { layeredStore, type RemoteFailureEvent } from "../../src/entry/stores/layered.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { StorePath } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The machine may be busy: what is waited for decides, and not how long it takes. */
const PATIENTLY = { timeout: 600_000 };

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const path = (number: number): StorePath => storePath("points", `${number}.txt`);

afterEach(() => {
  vi.useRealTimers();
});

describe("failures of the remote", () => {
  test("are counted, with what they were about", async () => {
    const remote = faultyStore(memoryStore());
    const store = layeredStore({ local: memoryStore(), remote, onRemoteFailure() {} });
    expect(store.failures()).toEqual({ count: 0, skipped: 0, inARow: 0, byOperation: {}, last: undefined, restMs: 0 });
    remote.isDown = true;
    expect(await store.read(path(1))).toBeUndefined();
    expect(await store.stat(path(1))).toBeUndefined();
    const { last, ...counts } = store.failures();
    expect(counts).toEqual({ count: 2, skipped: 0, inARow: 2, byOperation: { read: 1, stat: 1 }, restMs: 0 });
    expect(last).toMatchObject({ operation: "stat", path: path(1), error: { systemCode: "ECONNREFUSED" } });
    remote.isDown = false;
    await store.read(path(1));
    expect(store.failures()).toMatchObject({ count: 2, inARow: 0 });
  });

  test("are told at once, and then every five seconds with how many there were", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const events: RemoteFailureEvent[] = [];
    const remote = faultyStore(memoryStore());
    const store = layeredStore({ local: memoryStore(), remote, onRemoteFailure: (event) => events.push(event) });
    remote.isDown = true;
    for (let second = 0; second < 6; second++) {
      await store.read(path(second));
      vi.advanceTimersByTime(1000);
    }
    await store.read(path(9));
    expect(events.map(({ path: where, count, untold, restMs }) => ({ where, count, untold, restMs }))).toEqual([
      { where: path(0), count: 1, untold: 0, restMs: 0 },
      { where: path(5), count: 5, untold: 3, restMs: 4000 },
    ]);
  });

  test("warn where nobody listens", async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listener);
    try {
      const remote = faultyStore(memoryStore());
      remote.isDown = true;
      await layeredStore({ local: memoryStore(), remote }).read(path(1));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("warning", listener);
    }
    expect(warnings.map(({ name, message }) => [name, message])).toEqual([
      ["RemoteStoreWarning", expect.stringContaining("ECONNREFUSED")],
    ]);
  });

  test("in a row let the remote alone, twice as long each time, a minute at most", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const remote = faultyStore(memoryStore());
    const store = layeredStore({ local: memoryStore(), remote, onRemoteFailure() {} });
    remote.isDown = true;
    for (let call = 0; call < 10; call++) await store.read(path(call));
    expect(remote.calls).toHaveLength(3);
    expect(store.failures()).toMatchObject({ count: 3, skipped: 7, restMs: 1000 });
    const rests: number[] = [];
    for (let round = 0; round < 8; round++) {
      vi.advanceTimersByTime(store.failures().restMs);
      await Promise.all([1, 2, 3].map((call) => store.read(path(call))));
      rests.push(store.failures().restMs);
    }
    expect(rests).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(remote.calls).toHaveLength(3 + 8);
    remote.isDown = false;
    vi.advanceTimersByTime(60_000);
    await store.read(path(1));
    expect(store.failures()).toMatchObject({ inARow: 0, restMs: 0 });
    await store.read(path(1));
    expect(remote.calls).toHaveLength(3 + 8 + 2);
  });

  test("are not the caller's who gives up, and cost the remote no trial", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const remote = faultyStore(memoryStore());
    const store = layeredStore({ local: memoryStore(), remote, onRemoteFailure() {} });
    remote.isDown = true;
    for (let call = 0; call < 3; call++) await store.read(path(call));
    remote.isDown = false;
    vi.advanceTimersByTime(1000);
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    const answer = vi.spyOn(remote, "read").mockImplementationOnce((_path, options) => stuckUntil(options?.signal));
    const reading = store.read(path(1), { signal: controller.signal });
    await vi.waitUntil(() => answer.mock.calls.length === 1, PATIENTLY);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(store.failures().count).toBe(3);
    await store.read(path(1));
    expect(store.failures().inARow).toBe(0);
  });

  test("of the local store are errors as ever", async () => {
    const local = faultyStore(memoryStore());
    const store = layeredStore({ local, remote: memoryStore(), onRemoteFailure: () => expect.unreachable() });
    local.isDown = true;
    for (const call of [store.read(path(1)), store.stat(path(1)), store.replace(path(1), []), store.remove(path(1))])
      await expect(call).rejects.toThrow("ECONNREFUSED");
    expect(store.failures().count).toBe(0);
  });

  test("leave at most so many calls waiting as were allowed at once", async () => {
    let [now, most] = [0, 0];
    const remote = memoryStore();
    const read = vi.spyOn(remote, "read").mockImplementation(async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return undefined;
    });
    const store = layeredStore({ local: memoryStore(), remote, concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, number) => store.read(path(number))));
    expect(read).toHaveBeenCalledTimes(20);
    expect(most).toBe(3);
  });
});

/** A call that is never answered, and can be given up. */
function stuckUntil(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

describe("leases", () => {
  const claimsIn = (folder: string): Promise<string[]> => readdir(`${folder}/.persistable/leases`).catch(() => []);

  /** Counts the claims in each store while something is generated. */
  async function claimsDuring(change: (remote: FaultyStore) => void, mode?: "local:rw,remote:r") {
    await using folder = await temporaryFolder();
    const remote = faultyStore(fileStore(folder.join("remote")));
    change(remote);
    const store = layeredStore({ local: fileStore(folder.join("local")), remote, mode, onRemoteFailure() {} });
    const claims = async () => ({
      local: (await claimsIn(folder.join("local"))).length,
      remote: (await claimsIn(folder.join("remote"))).length,
    });
    const during = await definePersistable({ name: "claims", generate: claims })({}, { dataDir: store, logger: silent })
      .payload;
    expect(await claims()).toEqual({ local: 0, remote: 0 });
    return during;
  }

  test("are held in the remote, where everybody sees them", async () => {
    expect(await claimsDuring(() => {})).toEqual({ local: 0, remote: 1 });
  });

  test("leave no claim elsewhere when the remote goes away while they are held", async () => {
    await using folder = await temporaryFolder();
    const remote = faultyStore(fileStore(folder.join("remote")));
    const local = fileStore(folder.join("local"));
    const store = layeredStore({ local, remote, onRemoteFailure() {} });
    const lease = await acquireLease(store, "a".repeat(64) as Address, { isDone: () => false, timing: { beatMs: 5 } });
    remote.isDown = true;
    await vi.waitUntil(() => store.failures().count > 0, PATIENTLY);
    remote.fails = (operation) => operation === "replace";
    remote.isDown = false;
    await vi.waitUntil(() => store.failures().byOperation.replace !== undefined, PATIENTLY);
    remote.isDown = true;
    await lease?.release();
    expect(await claimsIn(folder.join("local"))).toEqual([]);
    remote.isDown = false;
    expect(await claimsIn(folder.join("remote"))).toHaveLength(1);
  });

  test("are held locally where the remote is only read", async () => {
    expect(await claimsDuring(() => {}, "local:rw,remote:r")).toEqual({ local: 1, remote: 0 });
  });

  test("are held locally where the remote cannot exclude", async () => {
    const cannot = (remote: FaultyStore) => Object.assign(remote.capabilities, { exclusiveCreate: false });
    expect(await claimsDuring(cannot)).toEqual({ local: 1, remote: 0 });
  });

  test("are held locally while the remote is away", async () => {
    const goAway = (remote: FaultyStore) => Object.assign(remote, { isDown: true });
    expect(await claimsDuring(goAway)).toEqual({ local: 1, remote: 0 });
  });

  test("are held in a remote that finds out only when it is asked whether it can exclude", async () => {
    const findOut = (remote: FaultyStore) => {
      const capabilities = remote.capabilities as { exclusiveCreate: boolean };
      capabilities.exclusiveCreate = false;
      const prepare = async (): Promise<void> => {
        capabilities.exclusiveCreate = true;
      };
      Object.assign(remote, { prepare });
    };
    expect(await claimsDuring(findOut)).toEqual({ local: 0, remote: 1 });
  });
});
