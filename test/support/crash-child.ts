// A process that persists, replaces, removes and loads until it is killed, and says what it is
// about to do and what was done.
import { writeSync } from "node:fs";
import { fileStore, NotPersistedError } from "../../src/entry/index.ts";
import { type Kind, persistableOf, serialOf } from "./crash-payload.ts";
import { type PlantedBug, plantBug } from "./crash-planted-store.ts";

/** The child's orders. */
export interface CrashChildInput {
  readonly dataDir: string;
  readonly durable: boolean;
  /** Keys that no other process changes. */
  readonly ownKeys: readonly string[];
  /** Keys that every process loads or generates. */
  readonly sharedKeys: readonly string[];
  readonly firstSerial: number;
  readonly bug: PlantedBug | undefined;
}

/**
 * The child's lines: an operation before it begins, and again when it has succeeded; or a breach of
 * the protocol.
 */
export type CrashChildLine =
  | { readonly is: "ready" }
  | {
      readonly is: "begins" | "done";
      readonly operation: "generate" | "remove" | "loadOrGenerate";
      readonly kind: Kind;
      readonly key: string;
      readonly serial: number;
    }
  | { readonly is: "wrong"; readonly what: string };

const input = JSON.parse(process.argv[2] ?? "") as CrashChildInput;
const folder = fileStore(input.dataDir, { durable: input.durable });
const store = input.bug === undefined ? folder : plantBug(folder, input.bug);
let serial = input.firstSerial;

function tell(line: CrashChildLine): void {
  // The line is written synchronously, since a kill would lose a buffered one.
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

async function performOne(): Promise<void> {
  const kind = pick(["small", "small", "large"] as const);
  const roll = Math.random();
  if (roll < 0.45) await generate(kind, pick(input.ownKeys));
  else if (roll < 0.55) await remove(kind, pick(input.ownKeys));
  else if (roll < 0.85) await loadOrGenerate(kind, pick(input.sharedKeys));
  else await load(kind, pick([...input.ownKeys, ...input.sharedKeys]));
}

async function generate(kind: Kind, key: string): Promise<void> {
  const step = { operation: "generate", kind, key, serial: serial++ } as const;
  tell({ is: "begins", ...step });
  await persistableOf(store, kind, key).generate({ untracked: { serial: step.serial } });
  tell({ is: "done", ...step });
}

async function remove(kind: Kind, key: string): Promise<void> {
  const step = { operation: "remove", kind, key, serial: 0 } as const;
  tell({ is: "begins", ...step });
  await persistableOf(store, kind, key).remove();
  tell({ is: "done", ...step });
}

async function loadOrGenerate(kind: Kind, key: string): Promise<void> {
  const step = { operation: "loadOrGenerate", kind, key, serial: 0 } as const;
  tell({ is: "begins", ...step });
  const payload = await persistableOf(store, kind, key).loadOrGenerate();
  if (serialOf(kind, key, payload) !== 0) tell({ is: "wrong", what: `loadOrGenerate of ${kind} ${key}` });
  tell({ is: "done", ...step });
}

async function load(kind: Kind, key: string): Promise<void> {
  try {
    const payload = await persistableOf(store, kind, key).load();
    if (serialOf(kind, key, payload) === undefined) tell({ is: "wrong", what: `load of ${kind} ${key}` });
  } catch (error) {
    if (!(error instanceof NotPersistedError)) throw error;
  }
}

tell({ is: "ready" });
try {
  for (;;) await performOne();
} catch (error) {
  tell({ is: "wrong", what: String(error) });
}
