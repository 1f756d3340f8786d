import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { collectOrphans, NotPersistedError, PersistableError } from "../../src/entry/index.ts";
import { type FileStore, fileStore } from "../../src/store/folder/file-store.ts";
import { persistableOf, serialOf, watchTakeovers } from "./crash-payload.ts";
import type { PlantedBug } from "./crash-planted-store.ts";
import type { PublishOperation } from "./crash-publish-child.ts";
import { type Injection, runTraced, type TracedRun } from "./crash-strace.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** An operation, and what it finds. */
export interface Scenario {
  readonly title: string;
  readonly operation: PublishOperation;
  readonly before: "nothing" | "an artifact" | "a damaged artifact";
  readonly bug?: PlantedBug;
}

/** The state of an artifact: its generation, or why there is none. */
type State = number | "nothing" | "corrupt" | "WRONG";

const EARLIER = 1;
const NEW = 7;
/** Calls that need room, and calls that a signal can interrupt. */
const NEEDS_ROOM = /^(write|openat|fsync|link|rename|mkdir)/;
const MAY_WAIT = /^(write|read|openat|close|fsync)/;

/** The faults to inject: each kind at every system call of an operation that concerns the store. */
export async function injectionsFor(scenario: Scenario): Promise<Injection[]> {
  await using trial = await InjectionTrial.prepare(scenario);
  const { line, calls } = await trial.run(undefined);
  if (line?.is !== "done") throw new Error(`It does not work undisturbed: ${JSON.stringify(line)}`);
  return calls.flatMap(({ call, when }) => {
    const faults = ["error=EIO", "signal=SIGKILL"];
    if (NEEDS_ROOM.test(call)) faults.push("error=ENOSPC");
    if (MAY_WAIT.test(call)) faults.push("error=EINTR");
    // Nothing is written, and the system says that one byte was.
    if (call === "write") faults.push("retval=1");
    return faults.map((what) => ({ call, when, what }));
  });
}

/** The outcome of one injected fault. */
export interface Verdict {
  /** The report of the process; `killed` if it could not report anything. */
  readonly said: "done" | "failed" | "killed";
  /** All breaches of the protocol. */
  readonly problems: readonly string[];
}

/** Runs the operation with one thing going wrong. */
export async function tryInjection(scenario: Scenario, injection: Injection): Promise<Verdict> {
  await using trial = await InjectionTrial.prepare(scenario);
  const { line, calls } = await trial.run(injection);
  const hit = calls.find(({ call, when }) => call === injection.call && when === injection.when);
  const problems = [...(await trial.judge(line)), ...(await trial.retry())];
  return {
    said: line?.is ?? "killed",
    problems: problems.map((problem) => `${injection.what} at ${hit?.text ?? injection.call}: ${problem}`),
  };
}

class InjectionTrial implements AsyncDisposable {
  readonly #scenario: Scenario;
  readonly #folder: AsyncDisposable;
  readonly #dataDir: string;
  readonly #store: FileStore;
  readonly #kind: "small" | "large";

  static async prepare(scenario: Scenario): Promise<InjectionTrial> {
    const folder = await temporaryFolder();
    const trial = new InjectionTrial(scenario, folder, folder.join("data"));
    if (scenario.before !== "nothing") await trial.#build().generate({ untracked: { serial: EARLIER } });
    if (scenario.before === "a damaged artifact")
      for (const file of trial.#files()) truncateSync(path.join(trial.#dataDir, file), 700);
    return trial;
  }

  constructor(scenario: Scenario, folder: AsyncDisposable, dataDir: string) {
    this.#scenario = scenario;
    this.#folder = folder;
    this.#dataDir = dataDir;
    this.#store = fileStore(dataDir);
    this.#kind = scenario.operation === "generate-small" ? "small" : "large";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#folder[Symbol.asyncDispose]());
  }

  run(injection: Injection | undefined): Promise<TracedRun> {
    const { operation, bug } = this.#scenario;
    return runTraced({ dataDir: this.#dataDir, operation, serial: NEW, bug }, injection);
  }

  /** Compares the report of the process with the state of the store. */
  async judge(line: TracedRun["line"]): Promise<string[]> {
    const { operation, before } = this.#scenario;
    const after: State = operation === "remove-large" ? "nothing" : NEW;
    const earlier: State = before === "nothing" ? "nothing" : before === "an artifact" ? EARLIER : "corrupt";
    const state = await this.#look();
    const problems: string[] = [];
    if (line?.is === "done" && state !== after) problems.push(`success was reported, and there is ${state}`);
    if (state !== after && state !== earlier) problems.push(`there is ${state}`);
    if (line?.is === "failed" && !line.code.startsWith("PERSISTABLE_"))
      problems.push(`not a clear error: ${line.code}`);
    if (line?.is === "failed") problems.push(...this.#findLitter(state === after && before === "an artifact"));
    return problems;
  }

  /** Another process runs the operation undisturbed. */
  async retry(): Promise<string[]> {
    const { operation } = this.#scenario;
    const problems: string[] = [];
    const retried = persistableOf(
      this.#store,
      this.#kind,
      "key",
      watchTakeovers((what) => problems.push(what)),
    );
    try {
      if (operation === "load-or-generate-large") await retried.loadOrGenerate({ untracked: { serial: NEW } });
      else await retried.generate({ untracked: { serial: NEW } });
    } catch (error) {
      return [`retry: ${String(error)}`];
    }
    const state = await this.#look();
    await this.#store.removeLitter();
    await collectOrphans(this.#store, this.#kind, { graceMs: -1000 });
    return [...problems, ...(state === NEW ? [] : [`after a retry there is ${state}`]), ...this.#findLitter(false)];
  }

  async #look(): Promise<State> {
    try {
      return serialOf(this.#kind, "key", await this.#build().load()) ?? "WRONG";
    } catch (error) {
      if (error instanceof NotPersistedError) return "nothing";
      if (error instanceof PersistableError && error.code === "PERSISTABLE_CORRUPT_ARTIFACT") return "corrupt";
      throw error;
    }
  }

  #build(): ReturnType<typeof persistableOf> {
    return persistableOf(this.#store, this.#kind, "key");
  }

  /** Files without a reference, and leases without an owner. */
  #findLitter(mayHoldEarlierPayload: boolean): string[] {
    const { operation, before } = this.#scenario;
    const files = this.#files();
    const record = files.find((file) => file.endsWith(".json"));
    const named = record === undefined ? "" : readFileSync(path.join(this.#dataDir, record), "latin1");
    const unnamed = files.filter((file) => file !== record && !named.includes(path.basename(file)));
    // Where it is not certain that the new record lasts, the payload of the earlier one is kept;
    // and what could not be removed is there.
    const allowed = mayHoldEarlierPayload || (operation === "remove-large" && before !== "nothing") ? 1 : 0;
    const internal = this.#internalFiles();
    return [...(unnamed.length > allowed ? unnamed : []), ...internal].map((file) => `litter: ${file}`);
  }

  #files(): string[] {
    return this.#list(this.#kind);
  }

  #internalFiles(): string[] {
    const isReplaced = this.#scenario.operation !== "load-or-generate-large";
    // The claim of a killed owner stays until the next process wants the lease.
    return [...this.#list(".persistable/tmp"), ...(isReplaced ? this.#list(".persistable/leases") : [])];
  }

  #list(folder: string): string[] {
    const full = path.join(this.#dataDir, folder);
    return existsSync(full) ? readdirSync(full).map((file) => `${folder}/${file}`) : [];
  }
}
