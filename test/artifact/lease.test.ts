import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import type { Address } from "../../src/address/address.ts";
import {
  acquireLease,
  type Lease,
  type LeaseOptions,
  type LeaseOwner,
  readLease,
} from "../../src/artifact/lease/lease.ts";
import {
  encodeBeat,
  encodeClaimHead,
  firstClaimPath,
  leaseFolder,
  newToken,
} from "../../src/artifact/lease/lease-claim.ts";
import { currentProcess, isCertainlyGone } from "../../src/artifact/lease/process-identity.ts";
import { StoreError } from "../../src/errors/store-errors.ts";
import { describeEvent } from "../../src/persistable/log/describe-event.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { ManualMachine, PlayedHost, sharedMemoryStore } from "../support/lease-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const address = "c".repeat(64) as Address;
const never = (): boolean => false;
const quick = { pollMs: 5, beatMs: 20, staleMs: 200 };

async function acquire(store: Store, options: Partial<LeaseOptions> = {}): Promise<Lease> {
  const lease = await acquireLease(store, address, { isDone: never, timing: quick, ...options });
  if (lease === undefined) throw new Error("nobody needed the lease");
  return lease;
}

async function claimsIn(store: Store): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(`${leaseFolder()}/`)) paths.push(path);
  return paths;
}

/** A worker that fails to start, as on machines that do not permit threads. */
class DeniedWorker {
  constructor() {
    throw new Error("ERR_ACCESS_DENIED");
  }
}

/** A thread that ends soon after its start. */
function failingWorker(worker: typeof Worker): unknown {
  return class extends worker {
    constructor() {
      super("throw new Error('out of memory')", { eval: true });
    }
  };
}

/** Whether it is still waiting after several polls. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([promise, sleep(60, "waiting")])) === "waiting";
}

test.skipIf(process.platform === "win32")("beats through no link that takes the place of its folder", async () => {
  await using folder = await temporaryFolder();
  const store = fileStore(folder.join("data"), { durable: false });
  const lease = await acquire(store);
  await rename(folder.join("data", ".persistable", "leases"), folder.join("outside"));
  await symlink(folder.join("outside"), folder.join("data", ".persistable", "leases"));
  await sleep(4 * quick.beatMs);
  const before = await readFile(folder.join("outside", address), "utf8");
  await sleep(10 * quick.beatMs);
  expect(await readFile(folder.join("outside", address), "utf8")).toBe(before);
  await lease.release();
  expect(await readdir(folder.join("outside"))).toEqual([address]);
});

describe.each(["a folder", "a shared store elsewhere", "memory"])("a lease in %s", (kind) => {
  async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
    if (kind === "memory") return work(memoryStore());
    if (kind !== "a folder") return work(sharedMemoryStore());
    await using folder = await temporaryFolder();
    await work(fileStore(folder.path, { durable: false }));
  }

  test("is held by one at a time, and handed on when it is released", () =>
    withStore(async (store) => {
      const first = await acquire(store);
      expect(first.address).toBe(address);
      expect(first.epoch).toBe(1);
      expect(await first.isCurrent()).toBe(true);
      const second = acquire(store);
      expect(await isWaiting(second)).toBe(true);
      await first.release();
      expect(await first.isCurrent()).toBe(false);
      const lease = await second;
      expect(await lease.isCurrent()).toBe(true);
      await lease.release();
      await lease.release();
      expect(await claimsIn(store)).toEqual([]);
    }));

  test("is released once only: a second release leaves the next one's lease alone", () =>
    withStore(async (store) => {
      const first = await acquire(store);
      await first.release();
      const second = await acquire(store);
      await first.release();
      await first[Symbol.asyncDispose]();
      expect(await second.isCurrent()).toBe(true);
      await second.release();
    }));

  test("is released at the end of its scope", () =>
    withStore(async (store) => {
      {
        await using lease = await acquire(store);
        expect(await readLease(store, address)).toMatchObject({ pid: process.pid });
        expect(lease.epoch).toBe(1);
      }
      expect(await readLease(store, address)).toBeUndefined();
    }));

  test("is not given to one who no longer needs it", () =>
    withStore(async (store) => {
      expect(await acquireLease(store, address, { isDone: () => true })).toBeUndefined();
      expect(await claimsIn(store)).toEqual([]);
      // The payload is completed between the first question and the moment at which the lease is
      // won.
      const answers = [false, true];
      expect(await acquireLease(store, address, { isDone: async () => answers.shift() ?? true })).toBeUndefined();
      expect(answers).toEqual([]);
      expect(await readLease(store, address)).toBeUndefined();
    }));

  test("is not waited for any longer than it is needed", () =>
    withStore(async (store) => {
      await using _ = await acquire(store);
      let isDone = false;
      const waiting = acquireLease(store, address, { isDone: () => isDone, timing: quick });
      expect(await isWaiting(waiting)).toBe(true);
      isDone = true;
      expect(await waiting).toBeUndefined();
    }));

  test("is released when the last question fails", () =>
    withStore(async (store) => {
      let questions = 0;
      const isDone = (): boolean => {
        if (++questions === 2) throw new Error("cannot look");
        return false;
      };
      await expect(acquireLease(store, address, { isDone })).rejects.toThrow("cannot look");
      expect(await readLease(store, address)).toBeUndefined();
      expect(await claimsIn(store)).toEqual([]);
    }));

  test("tells once for whom it waits", () =>
    withStore(async (store) => {
      const first = await acquire(store);
      const owners: (LeaseOwner | undefined)[] = [];
      const second = acquire(store, { onWaiting: (owner) => owners.push(owner) });
      expect(await isWaiting(second)).toBe(true);
      await first.release();
      await (await second).release();
      expect(owners).toHaveLength(1);
      expect(owners[0]).toMatchObject(currentProcess());
    }));

  test("stops waiting with the reason of the signal, and leaves nothing behind", () =>
    withStore(async (store) => {
      const first = await acquire(store);
      const giveUp = new AbortController();
      const second = acquire(store, { signal: giveUp.signal, timing: { pollMs: 1_000_000 } });
      const outcome = second.catch((error: unknown) => error);
      expect(await isWaiting(second)).toBe(true);
      giveUp.abort("enough");
      expect(await outcome).toBe("enough");
      await expect(acquire(store, { signal: giveUp.signal })).rejects.toBe("enough");
      expect(await first.isCurrent()).toBe(true);
      await first.release();
      expect(await claimsIn(store)).toEqual([]);
    }));

  test("is given back when the signal comes at the very moment at which it is won", () =>
    withStore(async (store) => {
      const giveUp = new AbortController();
      let questions = 0;
      const isDone = (): boolean => {
        if (++questions === 2) giveUp.abort("enough");
        return false;
      };
      await expect(acquireLease(store, address, { isDone, signal: giveUp.signal })).rejects.toBe("enough");
      expect(await readLease(store, address)).toBeUndefined();
    }));

  test("goes to all who want it, one after the other", () =>
    withStore(async (store) => {
      let atWork = 0;
      const work = async (): Promise<number> => {
        await using lease = await acquire(store);
        const others = atWork++;
        await sleep(2);
        atWork--;
        expect(await lease.isCurrent()).toBe(true);
        return others;
      };
      expect(await Promise.all(Array.from({ length: 8 }, work))).toEqual(Array(8).fill(0));
      expect(await claimsIn(store)).toEqual([]);
    }));

  test("of another address is another lease", () =>
    withStore(async (store) => {
      await using _ = await acquire(store);
      await using other = await acquireLease(store, "d".repeat(64) as Address, { isDone: never });
      expect(await other?.isCurrent()).toBe(true);
    }));
});

describe("a waiter", () => {
  const asleep = { ...quick, pollMs: 1_000_000 };

  test("is woken by the release, however seldom it polls", async () => {
    await using folder = await temporaryFolder();
    for (const store of [fileStore(folder.path, { durable: false }), sharedMemoryStore(), memoryStore()]) {
      const first = await acquire(store);
      const second = acquire(store, { timing: asleep });
      expect(await isWaiting(second)).toBe(true);
      await first.release();
      await (await second).release();
    }
  });

  test("is woken when what it waits for appears, however seldom it polls", async () => {
    await using folder = await temporaryFolder();
    const record = storePath("name", "record.json");
    for (const store of [fileStore(folder.path, { durable: false }), sharedMemoryStore(), memoryStore()]) {
      await using _ = await acquire(store);
      await store.replace(storePath("name", "another.json"), [new Uint8Array(1)]);
      const isDone = async (): Promise<boolean> => (await store.stat(record)) !== undefined;
      const watchFolder = storePath("name");
      const waiting = acquireLease(store, address, { isDone, watchFolder, timing: asleep });
      expect(await isWaiting(waiting)).toBe(true);
      await store.replace(record, [new Uint8Array(1)]);
      expect(await waiting).toBeUndefined();
    }
  });

  test("watches only while it waits", async () => {
    const watched: string[] = [];
    const closed: string[] = [];
    const memory = sharedMemoryStore();
    const store: Store = {
      ...memory,
      watch(folder, listener) {
        watched.push(folder);
        const watch = memory.watch?.(folder, listener);
        return {
          close() {
            closed.push(folder);
            watch?.close();
          },
        };
      },
    };
    const watchFolder = storePath("name");
    const first = await acquire(store, { watchFolder });
    expect(watched).toEqual([]);
    const second = acquire(store, { watchFolder });
    expect(await isWaiting(second)).toBe(true);
    expect(watched).toEqual([watchFolder, leaseFolder()]);
    expect(closed).toEqual([]);
    await first.release();
    await (await second).release();
    expect(watched).toHaveLength(2);
    expect(closed).toEqual(watched);
  });

  test("does not ask all the time whether it still has to wait, since asking may cost more than looking", async () => {
    const store = sharedMemoryStore();
    const machine = new ManualMachine();
    await using _ = await acquire(store, { machine, timing: { ...quick, beatMs: 1_000_000 } });
    let questions = 0;
    const giveUp = new AbortController();
    const isDone = (): boolean => {
      questions++;
      return false;
    };
    const timing = { pollMs: 100, beatMs: 100, staleMs: 1_000_000 };
    const waiting = acquireLease(store, address, { isDone, machine, signal: giveUp.signal, timing });
    waiting.catch(() => {});
    const poll = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await machine.pass(125);
    };
    await poll(1);
    const atFirst = questions;
    await poll(30);
    expect(questions - atFirst).toBe(3);
    giveUp.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    expect(machine.pending).toBe(1);
  });

  test("does not run in circles where a store contradicts itself", async () => {
    const memory = sharedMemoryStore();
    let attempts = 0;
    const store: Store = {
      ...memory,
      createIfAbsent: async () => {
        attempts++;
        return "exists";
      },
    };
    const machine = new ManualMachine();
    const giveUp = new AbortController();
    const waiting = acquireLease(store, address, { isDone: never, machine, signal: giveUp.signal, timing: quick });
    waiting.catch(() => {});
    await machine.pass(0);
    expect(attempts).toBe(3);
    for (let i = 1; i <= 5; i++) {
      await machine.pass(10);
      expect(attempts).toBe(3 + i);
    }
    giveUp.abort("enough");
    await expect(waiting).rejects.toBe("enough");
  });
});

describe("a store that cannot tell who was first", () => {
  test("has leases within this process, and no files", async () => {
    await using folder = await temporaryFolder();
    const files = fileStore(folder.path, { durable: false });
    const store: Store = {
      url: files.url,
      capabilities: { ...files.capabilities, exclusiveCreate: false },
      read: (path) => files.read(path),
      stat: (path) => files.stat(path),
      writeFresh: (path, chunks) => files.writeFresh(path, chunks),
      createIfAbsent: () => Promise.reject(new Error("not here")),
      replace: (path, chunks) => files.replace(path, chunks),
      move: (from, to) => files.move(from, to),
      remove: (path) => files.remove(path),
      list: (prefix) => files.list(prefix),
    };
    const first = await acquire(store);
    const second = acquire(store);
    expect(await isWaiting(second)).toBe(true);
    expect(await readLease(store, address)).toMatchObject({ pid: process.pid, claimedAt: expect.any(String) });
    await first.release();
    await (await second).release();
    expect(await claimsIn(store)).toEqual([]);
  });
});

describe("a take-over", () => {
  test("from a dead owner happens at once, and is told", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [dead, next, last] = [host.start(), host.start(), host.start()];
    await acquire(store, { machine: dead.machine });
    dead.die();
    const owners: unknown[] = [];
    const lease = await acquire(store, {
      machine: next.machine,
      onTakeover: (owner, silentMs) => owners.push(owner, silentMs),
      onWaiting: () => owners.push("waiting"),
    });
    expect(owners).toEqual([expect.objectContaining({ host: "played", pid: dead.pid }), undefined]);
    expect(lease.epoch).toBe(2);
    expect(await lease.isCurrent()).toBe(true);
    expect(await claimsIn(store)).toHaveLength(2);
    next.die();
    const third = await acquire(store, { machine: last.machine });
    expect(third.epoch).toBe(3);
    expect(await lease.isCurrent()).toBe(false);
    await third.release();
    expect(await claimsIn(store)).toEqual([]);
  });

  test("from a silent owner tells for how long it was silent, and calls nobody dead", async () => {
    const store = sharedMemoryStore();
    // Time stands still for this owner, so that it never beats.
    await acquire(store, { machine: new ManualMachine() });
    const told: unknown[] = [];
    const waiter = new PlayedHost().start();
    const onTakeover = (owner: LeaseOwner | undefined, silentMs: number | undefined): void =>
      void told.push(owner?.host, (silentMs ?? 0) >= quick.staleMs);
    await (await acquire(store, { machine: waiter.machine, onTakeover })).release();
    expect(told).toEqual(["manual", true]);
    const event = { name: "points", address, atMs: 0, type: "takeover", owner: "process 7 on host" } as const;
    expect(describeEvent({ ...event, silentMs: 20_250 }).message).toBe(
      "Taking over from process 7 on host, which has been silent for 20 s",
    );
    expect(describeEvent(event).message).toBe("Taking over from process 7 on host, which is gone");
  });

  test("is not told where it turns out that nobody needs it", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [dead, next] = [host.start(), host.start()];
    await acquire(store, { machine: dead.machine });
    dead.die();
    const answers = [false, false, true];
    const told: unknown[] = [];
    const isDone = (): boolean => answers.shift() ?? true;
    expect(
      await acquireLease(store, address, { isDone, machine: next.machine, onTakeover: () => told.push(1) }),
    ).toBeUndefined();
    expect(told).toEqual([]);
    expect(answers).toEqual([]);
    expect(await claimsIn(store)).toEqual([]);
  });

  test("is not undone by the earlier owner, who was only slow", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [slow, next] = [host.start(), host.start()];
    const earlier = await acquire(store, { machine: slow.machine });
    slow.die();
    const taken = await acquire(store, { machine: next.machine });
    expect(await earlier.isCurrent()).toBe(false);
    await earlier.release();
    expect(await taken.isCurrent()).toBe(true);
    const third = acquire(store);
    expect(await isWaiting(third)).toBe(true);
    await taken.release();
    await (await third).release();
    expect(await claimsIn(store)).toEqual([]);
  });

  test("and all that came after it are left alone by the earlier owner", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [slow, next] = [host.start(), host.start()];
    const earlier = await acquire(store, { machine: slow.machine });
    slow.die();
    await (await acquire(store, { machine: next.machine })).release();
    const fresh = await acquire(store);
    expect(await earlier.isCurrent()).toBe(false);
    await earlier.release();
    expect(await fresh.isCurrent()).toBe(true);
    await fresh.release();
  });

  test("that comes too late, since another one was through already, is withdrawn", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [dead, fast, slow] = [host.start(), host.start(), host.start()];
    await acquire(store, { machine: dead.machine });
    dead.die();
    let fresh: Lease | undefined;
    const slowStore: Store = {
      ...store,
      async createIfAbsent(...args) {
        // By the time that the process outbids the dead claim, that claim is gone, and a new one is
        // there.
        if (fresh === undefined && args[0] !== firstClaimPath(address)) {
          await (await acquire(store, { machine: fast.machine })).release();
          fresh = await acquire(store, { machine: fast.machine });
        }
        return store.createIfAbsent(...args);
      },
    };
    const late = acquire(slowStore, { machine: slow.machine });
    expect(await isWaiting(late)).toBe(true);
    expect(await fresh?.isCurrent()).toBe(true);
    expect(await claimsIn(store)).toEqual([firstClaimPath(address)]);
    await fresh?.release();
    expect((await late).epoch).toBe(1);
  });

  test("from one who was stopped while taking over does not break when that one goes on", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [dead, slow, fast] = [host.start(), host.start(), host.start()];
    await acquire(store, { machine: dead.machine });
    dead.die();
    let taken: Lease | undefined;
    const slowStore: Store = {
      ...store,
      async createIfAbsent(...args) {
        const outcome = await store.createIfAbsent(...args);
        if (taken === undefined && args[0] !== firstClaimPath(address)) {
          slow.die();
          taken = await acquire(store, { machine: fast.machine });
        }
        return outcome;
      },
    };
    const late = acquire(slowStore, { machine: slow.machine });
    expect(await isWaiting(late)).toBe(true);
    expect(taken?.epoch).toBe(3);
    expect(await taken?.isCurrent()).toBe(true);
    await taken?.release();
    expect((await late).epoch).toBe(1);
  });

  test("clears away what a late beat of an earlier owner brought back", async () => {
    const store = sharedMemoryStore();
    const host = new PlayedHost();
    const [dead, slow, fast] = [host.start(), host.start(), host.start()];
    await acquire(store, { machine: dead.machine });
    dead.die();
    const earlier = await acquire(store, { machine: slow.machine });
    const own = (await claimsIn(store)).find((path) => path !== firstClaimPath(address)) ?? "";
    const bytes = await store.read(storePath(...own.split("/")));
    slow.die();
    await (await acquire(store, { machine: fast.machine })).release();
    expect(await claimsIn(store)).toEqual([]);
    await store.replace(storePath(...own.split("/")), [bytes ?? new Uint8Array()]);
    await earlier.release();
    expect(await claimsIn(store)).toEqual([]);
  });
});

describe("an owner of whom nothing is known", () => {
  const container = { ...currentProcess(), host: "far-away", pid: 1, pidNamespace: "pid:[1]" };
  const unknown = { ...container, claimedAt: new Date().toISOString() };

  test("is waited for while it beats, and taken over from when it is silent", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const head = encodeClaimHead(newToken(), unknown);
    let beats = 0;
    const beat = (): Promise<void> => store.replace(firstClaimPath(address), [Buffer.from(head + encodeBeat(beats++))]);
    await beat();
    const beating = setInterval(beat, 20);
    const owners: unknown[] = [];
    // Long enough that a busy machine does not silence an owner that beats.
    const timing = { ...quick, staleMs: 1500 };
    const lease = acquire(store, { timing, onTakeover: (owner) => owners.push(owner) });
    try {
      expect(await Promise.race([lease, sleep(2500, "waiting")])).toBe("waiting");
      expect(await readLease(store, address)).toMatchObject({ host: "far-away" });
    } finally {
      clearInterval(beating);
    }
    await (await lease).release();
    expect(owners).toEqual([expect.objectContaining({ host: "far-away" })]);
  });

  test.each([
    ["is damaged", "\0\0\0"],
    ["is empty", ""],
    ["is of a newer release", `${JSON.stringify({ lease: 2, owner: "x" })}\n`],
  ])(
    "since the claim %s, is waited for while the claim changes, and taken over from when it does not",
    async (_, text) => {
      await using folder = await temporaryFolder();
      const store = fileStore(folder.path, { durable: false });
      let changes = 0;
      const change = (): Promise<void> =>
        store.replace(firstClaimPath(address), [Buffer.from(text + "\n".repeat(changes++ % 2))]);
      await change();
      const changing = setInterval(change, 20);
      const waited: unknown[] = [];
      const lease = acquire(store, { onWaiting: (owner) => waited.push(owner) });
      try {
        expect(await Promise.race([lease, sleep(600, "waiting")])).toBe("waiting");
        expect(waited).toEqual([undefined]);
        expect(await readLease(store, address)).toBeUndefined();
      } finally {
        clearInterval(changing);
      }
      await (await lease).release();
      expect(await claimsIn(store)).toEqual([]);
    },
  );
});

describe("an owner file on this machine", () => {
  test("with the number of a living process that started at another time is dead at once", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const forged = { ...currentProcess(), startedAt: "1", claimedAt: new Date().toISOString() };
    await store.replace(firstClaimPath(address), [Buffer.from(encodeClaimHead(newToken(), forged) + encodeBeat(0))]);
    expect(await readLease(store, address)).toBeUndefined();
    const lease = await acquire(store, { timing: { ...quick, staleMs: 1_000_000 } });
    expect(lease.epoch).toBe(2);
    await lease.release();
    expect(await claimsIn(store)).toEqual([]);
  });

  const earlier = { ...currentProcess(), host: "renamed", bootId: "earlier", claimedAt: new Date().toISOString() };
  test.runIf(isCertainlyGone(earlier, tmpdir()))("of an earlier boot is dead at once", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    await store.replace(firstClaimPath(address), [Buffer.from(encodeClaimHead(newToken(), earlier) + encodeBeat(0))]);
    const lease = await acquire(store, { timing: { ...quick, staleMs: 1_000_000 } });
    expect(lease.epoch).toBe(2);
    await lease.release();
  });
});

describe("a heartbeat", () => {
  test("goes on while this process computes without a pause, and ends with the lease", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const lease = await acquire(store);
    const file = folder.join(firstClaimPath(address));
    const before = readFileSync(file, "utf8");
    const seen = new Set<string>();
    // The thread starts before the event loop turns again.
    while (seen.size < 4) seen.add(readFileSync(file, "utf8"));
    for (const text of seen) {
      expect(text).toHaveLength(before.length);
      expect(text.split("\n")[0]).toBe(before.split("\n")[0]);
      expect(text).toMatch(/\n\d{12}\n$/);
    }
    await lease.release();
    // The claim has the same name and content, so an owner that still beat would not notice the
    // difference.
    await writeFile(file, before);
    await sleep(5 * quick.beatMs);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("goes on where there is no thread to be had", async () => {
    const threads = process.getBuiltinModule("node:worker_threads");
    const { Worker } = threads;
    vi.resetModules();
    const { acquireLease: acquireAnew } = await import("../../src/artifact/lease/lease.ts");
    try {
      for (const broken of [DeniedWorker, failingWorker(Worker)]) {
        threads.Worker = broken as unknown as typeof Worker;
        await using folder = await temporaryFolder();
        const store = fileStore(folder.path, { durable: false });
        const leases: (Lease | undefined)[] = [];
        for (const digit of ["1", "2"]) {
          const other = digit.repeat(64) as Address;
          leases.push(await acquireAnew(store, other, { isDone: never, timing: quick }));
          const seen = new Set<string>();
          while (seen.size < 3) {
            seen.add(await readFile(folder.join(firstClaimPath(other)), "utf8").catch(() => ""));
            await sleep(5);
          }
        }
        for (const lease of leases) await lease?.release();
        await sleep(3 * quick.beatMs);
        expect(await claimsIn(store)).toEqual([]);
        vi.resetModules();
      }
    } finally {
      threads.Worker = Worker;
    }
  });

  async function beatOf(store: Store): Promise<string> {
    const bytes = await store.read(firstClaimPath(address));
    return (
      Buffer.from(bytes ?? [])
        .toString()
        .split("\n")[1] ?? ""
    );
  }

  async function expectBeats(store: Store): Promise<void> {
    const seen = new Set<string>();
    while (seen.size < 3) {
      seen.add(await beatOf(store));
      await sleep(5);
    }
  }

  test("goes on while the lease is held, in a folder and elsewhere", async () => {
    await using folder = await temporaryFolder();
    for (const store of [fileStore(folder.path, { durable: false }), sharedMemoryStore()]) {
      const lease = await acquire(store);
      await expectBeats(store);
      expect(await lease.isCurrent()).toBe(true);
      await lease.release();
      await sleep(3 * quick.beatMs);
      expect(await claimsIn(store)).toEqual([]);
    }
  });

  test("never writes into a claim of somebody else under the same name", async () => {
    await using folder = await temporaryFolder();
    for (const store of [fileStore(folder.path, { durable: false }), sharedMemoryStore()]) {
      const lease = await acquire(store);
      await expectBeats(store);
      const other = encodeClaimHead(newToken(), { host: "far-away", pid: 1, claimedAt: "now" }) + encodeBeat(0);
      await store.replace(firstClaimPath(address), [Buffer.from(other)]);
      await sleep(5 * quick.beatMs);
      expect(Buffer.from((await store.read(firstClaimPath(address))) ?? []).toString()).toBe(other);
      expect(await lease.isCurrent()).toBe(false);
      await lease.release();
      expect(await claimsIn(store)).toEqual([firstClaimPath(address)]);
    }
  });

  test("does not mind that the folder is deleted, nor does the lease", async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    const lease = await acquire(store);
    await rm(folder.join(".persistable"), { recursive: true });
    await sleep(3 * quick.beatMs);
    expect(await lease.isCurrent()).toBe(false);
    const other = await acquire(store);
    await expectBeats(store);
    await lease.release();
    expect(await other.isCurrent()).toBe(true);
    await other.release();
    await rm(folder.join(".persistable"), { recursive: true });
    await acquire(store).then((again) => again.release());
  });
});

describe("a claim that cannot be made", () => {
  test.each([
    [".persistable", async (folder: string) => writeFile(folder, "not a folder")],
    [`.persistable/leases/${address}`, async (folder: string) => void (await mkdir(folder, { recursive: true }))],
  ])("because of what lies at %s is an error before anything is begun", async (at, put) => {
    await using folder = await temporaryFolder();
    await put(folder.join(at));
    await expect(acquire(fileStore(folder.path, { durable: false }))).rejects.toThrow(StoreError);
    expect(await readdir(folder.path)).toEqual([".persistable"]);
  });

  test("and of which it is not known whether it was made is taken back", async () => {
    const store = sharedMemoryStore();
    const unsure: Store = {
      ...store,
      async createIfAbsent(...args) {
        await store.createIfAbsent(...args);
        throw new Error("the connection was lost");
      },
    };
    await expect(acquire(unsure)).rejects.toThrow("the connection was lost");
    expect(await claimsIn(store)).toEqual([]);
    await using _ = await acquire(store);
    await expect(acquire(unsure)).rejects.toThrow("the connection was lost");
    expect(await claimsIn(store)).toHaveLength(1);
  });
});

test("a lease that cannot be removed does not undo what was done under it", async () => {
  const store = sharedMemoryStore();
  const stubborn: Store = { ...store, remove: () => Promise.reject(new Error("no permission")) };
  await (await acquire(stubborn)).release();
  expect(await claimsIn(store)).toHaveLength(1);
  const next = await acquire(store);
  expect(next.epoch).toBe(2);
  await next.release();
});

test("takes away what killed owners left of claims that nobody asks for any more, and no other ones", async () => {
  await using folder = await temporaryFolder();
  const store = fileStore(folder.path, { durable: false });
  const put = (digit: string, owner: object): Promise<void> => {
    const head = encodeClaimHead(newToken(), { ...currentProcess(), claimedAt: "now", ...owner });
    return store.replace(firstClaimPath(digit.repeat(64) as Address), [Buffer.from(head + encodeBeat(0))]);
  };
  await put("1", { startedAt: "1" });
  await put("2", { pid: process.ppid, startedAt: undefined });
  await put("3", { host: "elsewhere", bootId: undefined });
  const lease = await acquire(store);
  expect((await claimsIn(store)).map((path) => path.slice(path.lastIndexOf("/") + 1)[0]).sort()).toEqual([
    "2",
    "3",
    "c",
  ]);
  await lease.release();
});
