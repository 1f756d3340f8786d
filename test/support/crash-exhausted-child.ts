// A process that has run out of something, and tries everything.
import { openSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileStore, PersistableError } from "../../src/entry/index.ts";
import { type Kind, persistableOf, serialOf } from "./crash-payload.ts";

export interface ExhaustedChildInput {
  readonly dataDir: string;
  /** Give up being root. */
  readonly uid?: number;
  /** Leave no file to be opened. */
  readonly opensAllFiles?: boolean;
}

/** For each operation, the generation that it returned or the code of its error. */
export type ExhaustedChildReport = Readonly<Record<string, number | string>>;

export const EARLIER = 1;
export const NEW = 7;

async function outcome(kind: Kind, key: string, payload: Promise<unknown>): Promise<number | string> {
  try {
    return serialOf(kind, key, await payload) ?? "WRONG";
  } catch (error) {
    return error instanceof PersistableError ? error.code : String(error);
  }
}

async function tryEverything({ dataDir, uid, opensAllFiles }: ExhaustedChildInput): Promise<ExhaustedChildReport> {
  const store = fileStore(dataDir);
  if (uid !== undefined) process.setuid?.(uid);
  const untracked = { serial: NEW };
  const report: Record<string, number | string> = {};
  for (const kind of ["small", "large"] as const) {
    const build = (key: string) => persistableOf(store, kind, key);
    const attempts = {
      load: ["earlier", () => build("earlier").load()],
      replace: ["earlier", () => build("earlier").generate({ untracked })],
      generate: ["new", () => build("new").generate({ untracked })],
      loadOrGenerate: ["new", () => build("new").loadOrGenerate({ untracked })],
    } as const;
    for (const [title, [key, attempt]] of Object.entries(attempts)) {
      // Before each attempt, since Node may have closed a file of its own meanwhile.
      if (opensAllFiles) await openAllFiles();
      report[`${kind} ${title}`] = await outcome(kind, key, attempt());
    }
  }
  return report;
}

/**
 * Opens files until none can be opened, and goes on until Node has stopped closing files of its own
 * in the background: one that is closed in the middle of an attempt would let that attempt succeed.
 */
async function openAllFiles(): Promise<void> {
  for (let quietTurns = 0; quietTurns < 5; quietTurns += 1) {
    if (openFiles() > 0) quietTurns = 0;
    await setTimeout(10);
  }
}

function openFiles(): number {
  for (let opened = 0; ; opened += 1) {
    try {
      openSync("/dev/null", "r");
    } catch {
      return opened;
    }
  }
}

if (process.argv[2] !== undefined) {
  const report = await tryEverything(JSON.parse(process.argv[2]) as ExhaustedChildInput);
  process.stdout.write(JSON.stringify(report));
}
