import { readFileSync } from "node:fs";
import { readdir, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { acquireLease, type LeaseOptions, type LeaseTiming, readLease } from "../../src/artifact/lease/lease.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { storePath } from "../../src/store/store-path.ts";
import type { LeaseReport, LeaseTask } from "../support/lease-child.ts";
import { buildChild, type Child, startChild } from "../support/run-child.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** Holders that are killed: few by default, hundreds in a long run. */
const KILLS = Number(process.env.PERSISTABLE_TEST_LEASE_KILLS ?? 5);
const KILLS_PER_ADDRESS = 3;
const CONTENDERS = 4;

const address = "e".repeat(64);
/**
 * An owner that is silent for this long counts as dead; if an owner is known to be dead, no process
 * waits this long.
 */
const impatient: LeaseTiming = { pollMs: 20, beatMs: 100, staleMs: 1500 };
const patient: LeaseTiming = { pollMs: 20, beatMs: 100, staleMs: 1_000_000 };
const child = await buildChild("test/support/lease-child.ts");

function start(folder: TemporaryFolder, task: Partial<LeaseTask> = {}, nodeArgs: readonly string[] = []): Child {
  return startChild(child, { dir: folder.path, address, work: "wait", timing: patient, ...task }, { nodeArgs });
}

const holds = ({ event }: LeaseReport): boolean => event === "held";
const has = (event: LeaseReport["event"]) => (report: LeaseReport) => report.event === event;

function reportsOf(children: readonly Child[], event: LeaseReport["event"]): LeaseReport[] {
  return children.flatMap(({ told }) => told as LeaseReport[]).filter(has(event));
}

/** The processes that began to work, in their order. */
function begunIn(folder: TemporaryFolder, of: string = address): number[] {
  return readFileSync(folder.join(`began-${of}`), "utf8")
    .trim()
    .split("\n")
    .map(Number);
}

async function claimsIn(folder: TemporaryFolder): Promise<string[]> {
  return readdir(folder.join(".persistable/leases"));
}

/** This process wants the lease too. */
function acquire(folder: TemporaryFolder, timing: LeaseTiming, options: Partial<LeaseOptions> = {}) {
  const store = fileStore(folder.path, { durable: false });
  const isDone = async (): Promise<boolean> =>
    (await store.stat(storePath("payload", `${address}.json`))) !== undefined;
  return acquireLease(store, address as Address, { isDone, timing, ...options });
}

describe("processes that want one payload", () => {
  test("generate it once: one does, the other seven wait for it", async () => {
    await using folder = await temporaryFolder();
    const children = Array.from({ length: 8 }, () => start(folder, { work: "finish", workMs: 300 }));
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(Array(8).fill(0));
    expect(begunIn(folder)).toHaveLength(1);
    expect(reportsOf(children, "completed")).toHaveLength(1);
    expect(reportsOf(children, "not-needed")).toHaveLength(7);
    expect(await claimsIn(folder)).toEqual([]);
  });

  test("take turns where generating it fails", async () => {
    await using folder = await temporaryFolder();
    const children = Array.from({ length: 4 }, () => start(folder, { work: "fail", workMs: 10 }));
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(Array(4).fill(0));
    expect(begunIn(folder)).toHaveLength(4);
    expect(await claimsIn(folder)).toEqual([]);
  });

  test(`complete it once although they are killed (${KILLS} kills)`, async () => {
    await using folder = await temporaryFolder();
    const store = fileStore(folder.path, { durable: false });
    let kills = 0;
    let takeovers = 0;
    for (let round = 0; kills < KILLS; round++) {
      const of = String(round).padStart(64, "f") as Address;
      const contend = (): Child => start(folder, { address: of, work: "finish", workMs: 60 });
      const children = Array.from({ length: CONTENDERS }, contend);
      const killed: Child[] = [];
      while (killed.length < KILLS_PER_ADDRESS) {
        const holding = children.map((one) => one.waitFor<LeaseReport>(holds).then(() => one));
        const holder = await Promise.any(holding).catch(() => undefined);
        // One had finished before we got it.
        if (holder === undefined) break;
        await sleep(50 * Math.random());
        // Mostly the one that holds the lease, at any moment of its work; sometimes one that waits,
        // or has only just begun.
        const victim = Math.random() < 0.7 ? holder : (children.at(-1) ?? holder);
        victim.kill();
        await victim.ended;
        killed.push(...children.splice(children.indexOf(victim), 1, contend()));
        kills++;
      }
      await Promise.all(children.map(({ ended }) => ended));
      const begun = begunIn(folder, of);
      const payload = await store.read(storePath("payload", `${of}.json`));
      // Each of them but the last was killed before it had finished.
      expect(begun.slice(0, -1).filter((pid) => !killed.some((child) => child.pid === pid))).toEqual([]);
      expect(Number(Buffer.from(payload ?? []))).toBe(begun.at(-1));
      expect(reportsOf([...killed, ...children], "lost")).toEqual([]);
      expect(await readLease(store, of)).toBeUndefined();
      takeovers += reportsOf([...killed, ...children], "takeover").length;
    }
    // The machine decides how many of the killed processes held the lease: on a busy one, work ends
    // before the kill.
    expect(takeovers).toBeGreaterThan(Math.floor(KILLS / 20));
  });
});

describe.concurrent("an owner that is killed", () => {
  test("leaves a claim that the next one takes over at once", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder);
    await holder.waitFor(holds);
    await using waiter = start(folder, { work: "finish" });
    expect((await waiter.waitFor(has("waiting"))).pid).toBe(holder.pid);
    holder.kill("SIGKILL");
    expect((await waiter.waitFor(has("takeover"))).pid).toBe(holder.pid);
    expect((await waiter.waitFor(holds)).epoch).toBe(2);
    await waiter.ended;
    expect(await claimsIn(folder)).toEqual([]);
  });

  test("by Ctrl-C is still killed by it, and taken over from at once", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder);
    await holder.waitFor(holds);
    holder.kill("SIGINT");
    expect(await holder.ended).toBe("SIGINT");
    expect((await acquire(folder, patient))?.epoch).toBe(2);
  });
});

describe.concurrent("an owner that ends by itself", () => {
  test.each([
    ["by process.exit", "exit", 3],
    ["by an error", "throw", 1],
    ["in its own handler of Ctrl-C", "on-sigint", 4],
    ["since there is nothing left to do", "silently", 0],
  ] as const)("%s takes its claim along", async (_, end, code) => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { end });
    await holder.waitFor(holds);
    if (end === "on-sigint") {
      await holder.waitFor(has("ready"));
      holder.kill("SIGINT");
    }
    expect(await holder.ended).toBe(code);
    expect(await claimsIn(folder)).toEqual([]);
  });

  test("after it was taken over from leaves the taker's claim alone", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { end: "on-sigint" });
    await holder.waitFor(has("ready"));
    holder.kill("SIGSTOP");
    const lease = await acquire(folder, impatient);
    holder.kill("SIGINT");
    holder.kill("SIGCONT");
    expect(await holder.ended).toBe(4);
    expect(await lease?.isCurrent()).toBe(true);
    await lease?.release();
    expect(await claimsIn(folder)).toEqual([]);
  });
});

describe.concurrent("an owner that is busy", () => {
  test("keeps its claim while it computes without a pause for longer than it may be silent", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { work: "block", workMs: 3 * impatient.staleMs, timing: impatient });
    await holder.waitFor(holds);
    const taken: unknown[] = [];
    expect(await acquire(folder, impatient, { onTakeover: (owner) => taken.push(owner) })).toBeUndefined();
    expect(taken).toEqual([]);
    expect((await holder.waitFor<LeaseReport>(has("completed"))).isCurrent).toBe(true);
    expect(begunIn(folder)).toEqual([holder.pid]);
  });

  test("keeps its claim where it may not have a thread to beat on, as long as its event loop turns", async () => {
    await using folder = await temporaryFolder();
    const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const workMs = 2 * impatient.staleMs;
    const permissions = [flag, "--allow-fs-read=*", "--allow-fs-write=*"];
    await using holder = start(folder, { work: "finish", workMs, timing: impatient }, permissions);
    await holder.waitFor(holds);
    expect(await acquire(folder, impatient)).toBeUndefined();
    expect((await holder.waitFor<LeaseReport>(has("completed"))).isCurrent).toBe(true);
  });

  test("loads nothing of the program a second time on the thread it beats on", async () => {
    await using folder = await temporaryFolder();
    const preload = `data:text/javascript,${encodeURIComponent('console.log(JSON.stringify("loaded"))')}`;
    await using holder = start(folder, { work: "finish", workMs: 300 }, ["--import", preload]);
    expect(await holder.ended).toBe(0);
    expect(holder.told.filter((told) => told === "loaded")).toHaveLength(1);
  });
});

describe.concurrent("clocks", () => {
  test.each([3_600_000, -3_600_000])("that are an hour off (%i ms) cost no owner its claim", async (clockOffMs) => {
    await using folder = await temporaryFolder();
    const workMs = 2 * impatient.staleMs;
    await using holder = start(folder, { work: "finish", workMs, timing: impatient, clockOffMs });
    await holder.waitFor(holds);
    const claim = folder.join(".persistable/leases", address);
    const seconds = (Date.now() + clockOffMs) / 1000;
    const stamping = setInterval(() => utimes(claim, seconds, seconds).catch(() => {}), 10);
    try {
      expect(await acquire(folder, impatient)).toBeUndefined();
    } finally {
      clearInterval(stamping);
    }
    expect(begunIn(folder)).toEqual([holder.pid]);
    expect((await holder.waitFor<LeaseReport>(has("completed"))).isCurrent).toBe(true);
  });
});

describe.concurrent("an owner that is stopped", () => {
  test("for too long is taken over from, and notices it when it goes on", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { timing: impatient });
    await holder.waitFor(holds);
    holder.kill("SIGSTOP");
    const waited: unknown[] = [];
    const lease = await acquire(folder, impatient, { onWaiting: (owner) => waited.push(owner?.pid) });
    expect(lease?.epoch).toBe(2);
    expect(waited).toEqual([holder.pid]);
    holder.kill("SIGCONT");
    holder.tell("go");
    expect((await holder.waitFor<LeaseReport>(has("released"))).isCurrent).toBe(false);
    expect(await holder.ended).toBe(0);
    expect(await lease?.isCurrent()).toBe(true);
    await lease?.release();
    expect(await claimsIn(folder)).toEqual([]);
  });

  test("for a moment keeps its claim", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { timing: impatient });
    await holder.waitFor(holds);
    const taken = acquire(folder, impatient);
    holder.kill("SIGSTOP");
    await sleep(impatient.staleMs / 5);
    holder.kill("SIGCONT");
    holder.tell("go");
    expect(await taken).toBeUndefined();
    expect((await holder.waitFor<LeaseReport>(has("completed"))).isCurrent).toBe(true);
  });

  test("together with those who wait for it (a suspended machine, Ctrl-Z) gets its time to beat again", async () => {
    await using folder = await temporaryFolder();
    await using holder = start(folder, { timing: impatient });
    await holder.waitFor(holds);
    await using waiter = start(folder, { timing: impatient });
    await waiter.waitFor(has("waiting"));
    holder.kill("SIGSTOP");
    waiter.kill("SIGSTOP");
    await sleep(1.5 * impatient.staleMs);
    waiter.kill("SIGCONT");
    await sleep(impatient.staleMs / 5);
    holder.kill("SIGCONT");
    holder.tell("go");
    await waiter.waitFor(has("not-needed"));
    expect(reportsOf([waiter], "takeover")).toEqual([]);
    expect((await holder.waitFor<LeaseReport>(has("completed"))).isCurrent).toBe(true);
  });
});
