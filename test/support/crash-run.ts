import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { collectOrphans, NotPersistedError } from "../../src/entry/index.ts";
import { type FileStore, fileStore } from "../../src/store/folder/file-store.ts";
import type { CrashChildInput, CrashChildLine } from "./crash-child.ts";
import { type Kind, persistableOf, serialOf, watchTakeovers } from "./crash-payload.ts";
import type { PlantedBug } from "./crash-planted-store.ts";
import { buildChild, startChild } from "./run-child.ts";

export interface CrashRunOptions {
  readonly dataDir: string;
  readonly kills: number;
  /** The number of children at a time; each is killed and started again. */
  readonly workers: number;
  readonly durable: boolean;
  readonly bug?: PlantedBug;
  /** Stop as soon as something was found. */
  readonly stopAtFirst?: boolean;
}

/** The outcome of a run. */
export interface CrashRun {
  readonly kills: number;
  /** How often a child said that something was persisted or removed. */
  readonly acknowledged: number;
  /** How often a kill fell into an operation. */
  readonly interrupted: number;
  readonly loads: number;
  /** All breaches of the protocol; empty if it holds. */
  readonly violations: readonly string[];
  /** Files without a reference, before they were collected. */
  readonly litter: number;
}

const KINDS: readonly Kind[] = ["small", "large"];
const OWN_KEYS = 4;
const SHARED_KEYS = 3;

/**
 * Kills processes that persist at random moments, and compares what is in the store with what they
 * said.
 */
export async function runAndKill(options: CrashRunOptions): Promise<CrashRun> {
  const book = new Book(fileStore(options.dataDir, { durable: options.durable }));
  const file = await buildChild("test/support/crash-child.ts");
  let kills = 0;
  const isOver = (): boolean => kills >= options.kills || (options.stopAtFirst === true && book.violations.length > 0);
  const work = async (worker: number): Promise<void> => {
    while (!isOver()) {
      kills++;
      const ownKeys = Array.from({ length: OWN_KEYS }, (_, n) => `own-${worker}-${n}`);
      // The window moves on, so that there is always something to generate.
      const sharedKeys = Array.from({ length: SHARED_KEYS }, (_, n) => `shared-${Math.floor(kills / 4) + n}`);
      const { dataDir, durable, bug } = options;
      const input: CrashChildInput = { dataDir, durable, ownKeys, sharedKeys, firstSerial: kills * 10_000, bug };
      await using child = startChild(file, input);
      await child.waitFor<CrashChildLine>(({ is }) => is === "ready");
      // Most live long enough to finish something, however slow the machine is.
      if (Math.random() < 0.8) await child.waitFor<CrashChildLine>(({ is }) => is === "done" || is === "wrong");
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      child.kill();
      const ending = await child.ended;
      if (ending !== "SIGKILL") book.violations.push(`a child ended by itself (${ending}): ${child.complaints}`);
      book.handle(child.told as CrashChildLine[]);
      await book.verifyKeys(ownKeys);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, (_, worker) => work(worker)));
  return book.close(kills);
}

/**
 * The contents that one key may have: several if a kill left it open whether the last operation was
 * done.
 */
type Allowed = Set<number | "nothing">;

/** Keeps the children's reports, and compares them with the store. */
class Book {
  readonly violations: string[] = [];
  readonly #store: FileStore;
  readonly #allowed = new Map<string, Allowed>();
  #acknowledged = 0;
  #interrupted = 0;
  #loads = 0;

  constructor(store: FileStore) {
    this.#store = store;
  }

  handle(lines: readonly CrashChildLine[]): void {
    for (const line of lines) {
      if (line.is === "wrong") this.violations.push(line.what);
      if (line.is !== "begins" && line.is !== "done") continue;
      const name = `${line.kind} ${line.key}`;
      const effect = line.operation === "remove" ? "nothing" : line.serial;
      if (line.is === "done") {
        this.#acknowledged++;
        this.#interrupted--;
        this.#allowed.set(name, new Set([effect]));
      } else {
        this.#interrupted++;
        this.#allowedUnder(name).add(effect);
      }
    }
  }

  #allowedUnder(name: string): Allowed {
    const allowed = this.#allowed.get(name) ?? new Set(["nothing" as const]);
    this.#allowed.set(name, allowed);
    return allowed;
  }

  /** Checks keys that no process changes at the moment. */
  async verifyKeys(keys: readonly string[]): Promise<void> {
    for (const kind of KINDS) for (const key of keys) await this.#verify(kind, key);
  }

  async #verify(kind: Kind, key: string): Promise<void> {
    const name = `${kind} ${key}`;
    const allowed = this.#allowedUnder(name);
    this.#loads++;
    let found: number | "nothing" | undefined;
    try {
      found = serialOf(kind, key, await persistableOf(this.#store, kind, key).load());
    } catch (error) {
      if (!(error instanceof NotPersistedError)) {
        this.violations.push(`${name}: ${String(error)}`);
        return;
      }
      found = "nothing";
    }
    if (found === undefined) this.violations.push(`${name}: a payload that was never generated`);
    else if (!allowed.has(found))
      this.violations.push(`${name}: found ${found}, and may be ${[...allowed].join(" or ")}`);
    else this.#allowed.set(name, new Set([found]));
  }

  /** Checks, loads or generates, and tidies up everything after all processes have ended. */
  async close(kills: number): Promise<CrashRun> {
    const names = [...this.#allowed.keys()].map((name) => name.split(" ") as [Kind, string]);
    for (const [kind, key] of names) await this.#verify(kind, key);
    const onEvent = watchTakeovers((what) => this.violations.push(what));
    for (const [kind, key] of names) {
      try {
        await persistableOf(this.#store, kind, key, onEvent).loadOrGenerate();
      } catch (error) {
        this.violations.push(`${kind} ${key} cannot be loaded or generated: ${String(error)}`);
      }
    }
    const litter = await this.#tidyUp(names.length, kills);
    return {
      kills,
      acknowledged: this.#acknowledged,
      interrupted: this.#interrupted,
      loads: this.#loads,
      violations: this.violations,
      litter,
    };
  }

  async #tidyUp(artifacts: number, kills: number): Promise<number> {
    // A record and, of each large one, a payload. A kill leaves at most one payload and one
    // temporary file.
    let litter = await this.#store.removeLitter();
    for (const kind of KINDS) litter += (await collectOrphans(this.#store, kind, { graceMs: -1000 })).files.length;
    if (litter > 2 * kills) this.violations.push(`${litter} files of litter after ${kills} kills`);
    const root = fileURLToPath(this.#store.url);
    const left = await readdir(root, { recursive: true, withFileTypes: true });
    const files = left
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
    const temporary = files.filter((file) => file.startsWith(".persistable/tmp/"));
    if (temporary.length > 0) this.violations.push(`temporary files that nobody removes: ${temporary.join(", ")}`);
    const inQuarantine = files.filter((file) => file.startsWith(".persistable/quarantine/"));
    if (inQuarantine.length > 0) this.violations.push(`in quarantine: ${inQuarantine.join(", ")}`);
    // A lease that a killed owner left is taken over when it is wanted next. There is one for each
    // kill at most.
    const leases = files.filter((file) => file.startsWith(".persistable/leases/"));
    if (leases.length > kills) this.violations.push(`${leases.length} leases after ${kills} kills`);
    const payloads = files.filter((file) => file.endsWith(".npy"));
    const records = files.filter((file) => /^(small|large)\/.*\.json$/.test(file));
    const withPayload = records.filter((file) => file.startsWith("large/"));
    if (payloads.length !== withPayload.length)
      this.violations.push(`${payloads.length} payloads for ${withPayload.length} records`);
    if (records.length !== artifacts) this.violations.push(`${records.length} records of ${artifacts} artifacts`);
    return litter;
  }
}
