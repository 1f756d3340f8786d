// A process that wants leases, for the tests that stop and kill it. Started by `startChild` with a
// `LeaseTask`, it tells what happens.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Address } from "../../src/address/address.ts";
import { acquireLease, type LeaseTiming } from "../../src/artifact/lease/lease.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { storePath } from "../../src/store/store-path.ts";

/** The child's task. */
export interface LeaseTask {
  readonly dir: string;
  readonly address: string;
  readonly timing?: Partial<LeaseTiming>;
  /**
   * The work that it does while it holds the lease: `finish` completes the payload after `workMs`;
   * `fail` works as long and completes nothing; `wait` holds on until it is told `go` on its input;
   * `block` computes for `workMs` without letting the event loop turn.
   */
  readonly work: "finish" | "fail" | "wait" | "block";
  readonly workMs?: number;
  /** Added to what `Date.now` says. */
  readonly clockOffMs?: number;
  /** Ends like this while it holds the lease; `silently`: by having nothing left to do. */
  readonly end?: "exit" | "throw" | "on-sigint" | "silently";
}

/** The child's report. */
export interface LeaseReport {
  readonly event: "waiting" | "takeover" | "held" | "completed" | "lost" | "not-needed" | "released" | "ready";
  readonly pid?: number | undefined;
  readonly epoch?: number;
  readonly isCurrent?: boolean;
  /** The time by the monotonic clock that all processes of a machine share. */
  readonly atMs: number;
}

const task = JSON.parse(process.argv[2] ?? "") as LeaseTask;
if (task.clockOffMs !== undefined) shiftClock(task.clockOffMs);
const store = fileStore(task.dir, { durable: false });
const payload = storePath("payload", `${task.address}.json`);

await run();

async function run(): Promise<void> {
  const told = nextLine();
  const lease = await acquireLease(store, task.address as Address, {
    isDone: async () => (await store.stat(payload)) !== undefined,
    onWaiting: (owner) => tell({ event: "waiting", pid: owner?.pid }),
    onTakeover: (owner) => tell({ event: "takeover", pid: owner?.pid }),
    watchFolder: storePath("payload"),
    ...(task.timing === undefined ? {} : { timing: task.timing }),
  });
  if (lease === undefined) {
    tell({ event: "not-needed" });
    process.stdin.destroy();
    return;
  }
  // Told to the disk as well: what a killed process wrote to a pipe may be lost.
  appendFileSync(`${task.dir}/began-${task.address}`, `${process.pid}\n`);
  tell({ event: "held", epoch: lease.epoch });
  if (task.end !== undefined) return endWithLease(task.end);
  if (task.work === "wait") await told;
  else if (task.work === "block") block(task.workMs ?? 0);
  else await new Promise((resolve) => setTimeout(resolve, task.workMs ?? 0));
  const isCurrent = await lease.isCurrent();
  if (task.work !== "fail") {
    const outcome = await store.createIfAbsent(payload, [Buffer.from(String(process.pid))]);
    tell({ event: outcome === "created" ? "completed" : "lost", isCurrent });
  }
  await lease.release();
  tell({ event: "released", isCurrent });
  process.stdin.destroy();
}

function endWithLease(how: LeaseTask["end"]): void {
  if (how === "exit") process.exit(3);
  if (how === "throw") throw new Error("thrown on purpose");
  if (how === "on-sigint") process.on("SIGINT", () => process.exit(4));
  else process.stdin.destroy();
  tell({ event: "ready" });
}

function block(forMs: number): void {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs);
}

function nextLine(): Promise<string> {
  return new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
}

function shiftClock(offMs: number): void {
  const now = Date.now.bind(Date);
  Date.now = () => now() + offMs;
}

function tell(report: Omit<LeaseReport, "atMs">): void {
  process.stdout.write(`${JSON.stringify({ ...report, atMs: Number(process.hrtime.bigint()) / 1e6 })}\n`);
}
