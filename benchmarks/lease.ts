import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../src/address/address.ts";
import { acquireLease } from "../src/artifact/lease/lease.ts";
import { fileStore } from "../src/store/folder/file-store.ts";
import { storePath } from "../src/store/store-path.ts";
import type { LeaseReport, LeaseTask } from "../test/support/lease-child.ts";
import { buildChild, type Child, startChild } from "../test/support/run-child.ts";
import type { BenchmarkReport } from "./benchmark.ts";
import { median } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const UNCONTENDED_ROUNDS = 1000;
const ROUNDS = 25;
const WAITERS = 3;
/** Waiters that are asleep for good when the clock starts. */
const SETTLE_MS = 150;

/**
 * Measures the cost of a lease without contention, and how soon waiting processes continue; runs
 * from the root of the checkout.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (dir) => {
    const uncontended = await measureUncontended(dir);
    const child = await buildChild("test/support/lease-child.ts");
    const woken: number[] = [];
    const replaced: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      woken.push(...(await measureWakes(child, dir, addressOf(`a${round}`))));
      replaced.push(await measureTakeover(child, dir, addressOf(`b${round}`)));
    }
    return {
      name: "lease",
      rows: [
        { case: "acquire and release a lease without contention", ours: 1000 * median(uncontended), unit: "us" },
        { case: "waiter goes on when the payload is there, median", ours: median(woken), unit: "ms" },
        { case: "waiter goes on when the payload is there, p95", ours: p95(woken), unit: "ms", goal: 25 },
        { case: "killed owner is replaced, median", ours: median(replaced), unit: "ms" },
        { case: "killed owner is replaced, p95", ours: p95(replaced), unit: "ms", goal: 100 },
      ],
    };
  });
}

async function measureUncontended(dir: string): Promise<number[]> {
  const store = fileStore(dir, { durable: false });
  const times: number[] = [];
  for (let i = 0; i < UNCONTENDED_ROUNDS; i++) {
    const address = addressOf(`c${i}`);
    const startedMs = performance.now();
    const lease = await acquireLease(store, address, { isDone: () => false });
    await lease?.release();
    times.push(performance.now() - startedMs);
  }
  return times;
}

/**
 * Measures the time from the moment at which the payload is there to the moment at which each
 * waiter knows.
 */
async function measureWakes(child: string, dir: string, address: Address): Promise<number[]> {
  const store = fileStore(dir, { durable: false });
  await store.replace(storePath("payload", "of-another-one.json"), [new Uint8Array(1)]);
  const lease = await acquireLease(store, address, { isDone: () => false });
  const waiters = Array.from({ length: WAITERS }, () => start(child, { dir, address, work: "finish" }));
  try {
    await Promise.all(waiters.map((waiter) => waiter.waitFor<LeaseReport>(({ event }) => event === "waiting")));
    await sleep(SETTLE_MS);
    await store.createIfAbsent(storePath("payload", `${address}.json`), [new Uint8Array(1)]);
    const thereMs = Number(process.hrtime.bigint()) / 1e6;
    await lease?.release();
    const knew = waiters.map((waiter) => waiter.waitFor<LeaseReport>(({ event }) => event === "not-needed"));
    return (await Promise.all(knew)).map(({ atMs }) => atMs - thereMs);
  } finally {
    await Promise.all(waiters.map((waiter) => waiter[Symbol.asyncDispose]()));
  }
}

/** Measures the time from the kill of the owner to the moment at which a waiter holds the lease. */
async function measureTakeover(child: string, dir: string, address: Address): Promise<number> {
  const owner = start(child, { dir, address, work: "wait" });
  const waiters: Child[] = [];
  try {
    await owner.waitFor<LeaseReport>(({ event }) => event === "held");
    waiters.push(...Array.from({ length: WAITERS }, () => start(child, { dir, address, work: "finish" })));
    await Promise.all(waiters.map((waiter) => waiter.waitFor<LeaseReport>(({ event }) => event === "waiting")));
    await sleep(SETTLE_MS);
    const killedMs = Number(process.hrtime.bigint()) / 1e6;
    owner.kill("SIGKILL");
    const held = waiters.map((waiter) => waiter.waitFor<LeaseReport>(({ event }) => event === "held"));
    return (await Promise.any(held)).atMs - killedMs;
  } finally {
    await Promise.all([owner, ...waiters].map((one) => one[Symbol.asyncDispose]()));
  }
}

function start(child: string, task: LeaseTask): Child {
  return startChild(child, task);
}

function addressOf(text: string): Address {
  return Buffer.from(text).toString("hex").padStart(64, "0") as Address;
}

function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
}
