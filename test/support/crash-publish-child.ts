// A process that does one operation when it is told to, after a tracer has taken hold of the thread
// that will do it.
import { pbkdf2 } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { PersistableError, type Store } from "../../src/entry/index.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { persistableOf } from "./crash-payload.ts";
import { type PlantedBug, plantBug, withoutSynchronousDoor } from "./crash-planted-store.ts";

export interface PublishChildInput {
  readonly dataDir: string;
  /** The file in which the child writes, once it is ready, which thread does the work. */
  readonly readyFile: string;
  readonly operation: PublishOperation;
  readonly serial: number;
  readonly bug: PlantedBug | undefined;
}

/**
 * `generate-small` goes through the synchronous door, on the main thread; all others through the
 * thread pool.
 */
export type PublishOperation = "generate-small" | "generate-large" | "load-or-generate-large" | "remove-large";

export type PublishChildLine = { readonly is: "done" } | { readonly is: "failed"; readonly code: string };

const { dataDir, readyFile, operation, serial, bug } = JSON.parse(process.argv[2] ?? "") as PublishChildInput;
const isOnMainThread = operation === "generate-small";
const folder = fileStore(dataDir);
const open = (): Store => {
  if (bug !== undefined) return plantBug(folder, bug);
  return isOnMainThread ? folder : withoutSynchronousDoor(folder);
};

async function perform(): Promise<void> {
  const persistable = persistableOf(open(), isOnMainThread ? "small" : "large", "key");
  if (operation === "remove-large") await persistable.remove();
  else if (operation === "load-or-generate-large") await persistable.loadOrGenerate({ untracked: { serial } });
  else await persistable.generate({ untracked: { serial } });
}

/**
 * Does everything that a process does only once, so that the traced calls are those of every
 * publication.
 */
async function warmUp(): Promise<void> {
  const kind = isOnMainThread ? "small" : "large";
  await persistableOf(fileStore(`${dataDir}-before`), kind, "before").generate();
}

/** The main thread, or the only one of the pool: that which is busy while the pool is. */
async function findThread(): Promise<number> {
  if (isOnMainThread && bug === undefined) return process.pid;
  const before = busyTimes();
  await promisify(pbkdf2)("", "", 50_000, 64, "sha512");
  const after = [...busyTimes()].filter(([thread]) => thread !== process.pid);
  const busyFor = ([thread, time]: readonly [number, number]): number => time - (before.get(thread) ?? 0);
  const [busiest] = after.sort((one, other) => busyFor(other) - busyFor(one));
  return busiest?.[0] ?? 0;
}

/** The processor time of each thread, in nanoseconds. */
function busyTimes(): Map<number, number> {
  const threads = readdirSync("/proc/self/task").map(Number);
  return new Map(
    threads.map((thread) => [
      thread,
      Number(readFileSync(`/proc/self/task/${thread}/schedstat`, "utf8").split(" ")[0]),
    ]),
  );
}

await warmUp();
const thread = await findThread();
process.stdin.once("data", async () => {
  let line: PublishChildLine = { is: "done" };
  try {
    await perform();
  } catch (error) {
    line = { is: "failed", code: error instanceof PersistableError ? error.code : String(error) };
  }
  writeSync(1, `${JSON.stringify(line)}\n`);
  process.exit();
});
writeFileSync(readyFile, `${process.pid} ${thread}\n`);
