import { StoreError } from "../../src/errors/store-errors.ts";
import type { FileSystem } from "../../src/store/folder/calls/file-system.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { createSimulation, type SimulatedProcess, type Simulation, type SimulationOptions } from "./simulation.ts";

/**
 * The objects that a simulated process wants to publish: a payload under a name of its own, and a
 * record that vouches for it.
 */
interface Attempt {
  readonly process: number;
  readonly recordPath: StorePath;
  readonly record: string;
  readonly payloadPath: StorePath;
  readonly payload: string;
  readonly durable: boolean;
}

/** The answer that a process got: from then on it must be true, whatever happens. */
interface Told {
  readonly attempt: Attempt;
  readonly outcome: "created" | "exists";
}

/** One replacement of a shared object by a process. Times are steps of the simulation. */
interface Replacement {
  readonly process: number;
  readonly content: string;
  readonly durable: boolean;
  readonly startedAt: number;
  /**
   * The time at which it was told that it is done; `undefined` if it was killed or told that it
   * failed.
   */
  doneAt: number | undefined;
  /** The time at which it gave up, if it did: from then on its object does not appear any more. */
  failedAt: number | undefined;
}

/**
 * A seed's run of several processes that publish into one store, and everything that a store
 * promised them.
 */
export class StoreTrial {
  readonly simulation: Simulation;
  readonly #options: SimulationOptions;
  readonly #attempts: Attempt[] = [];
  readonly #promises: Told[] = [];
  readonly #replacements: Replacement[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.simulation = createSimulation(options);
  }

  /**
   * Part of the store is loaded on first use, for which a simulation does not wait: so it is used
   * once before.
   */
  static async warmUp(): Promise<void> {
    const { simulation } = new StoreTrial({ seed: 0, processes: 0 });
    await fileStore("/home/sim", { fileSystem: simulation.observe() }).removeLitter();
  }

  /**
   * Runs it to the end, or to a power cut, and looks at what is there then. Throws where a promise
   * is broken.
   */
  async run(): Promise<void> {
    const end = await this.simulation.run((process) => this.#publishSome(process));
    this.#checkExclusiveness();
    this.#checkOpenFiles();
    await this.#check(this.simulation.observe(), "in the end", false);
    for (let state = 0; state < CRASH_STATES; state++) {
      const { fileSystem } = this.simulation.crash();
      await this.#check(fileSystem, `in crash state ${state}`, true);
      await this.#recover(fileSystem);
    }
    const { faultChance = 0, killChance = 0 } = this.#options;
    if (end === "ended" && faultChance === 0 && killChance === 0) await this.#checkLitter();
  }

  async #publishSome(process: SimulatedProcess): Promise<void> {
    const store = fileStore("/home/sim", { fileSystem: process.fileSystem });
    const rounds = 1 + process.random.below(2);
    for (let round = 0; round < rounds; round++) {
      if (process.random.chance(0.3)) await this.#replace(store, process, `${process.index}.${round}`);
      const attempt = createAttempt(process, round);
      this.#attempts.push(attempt);
      try {
        await this.#publish(store, process, attempt);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        await this.#tidyUp(store, attempt);
      }
    }
  }

  async #replace(store: Store, process: SimulatedProcess, name: string): Promise<void> {
    const content = `replaced by ${name} `.repeat(1 + process.random.below(4));
    const durable = !process.random.chance(0.15);
    const startedAt = this.simulation.steps;
    const replacement: Replacement = {
      process: process.index,
      content,
      durable,
      startedAt,
      doneAt: undefined,
      failedAt: undefined,
    };
    this.#replacements.push(replacement);
    try {
      await store.replace(REPLACED, inPieces(process, content), { durable });
      replacement.doneAt = this.simulation.steps;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      replacement.failedAt = this.simulation.steps;
    }
  }

  async #publish(store: Store, process: SimulatedProcess, attempt: Attempt): Promise<void> {
    const { recordPath, record, payloadPath, payload, durable } = attempt;
    await store.writeFresh(payloadPath, inPieces(process, payload), { durable });
    const outcome =
      process.random.chance(0.5) && store.sync?.createIfAbsent !== undefined
        ? store.sync.createIfAbsent(recordPath, inPieces(process, record), { durable })
        : await store.createIfAbsent(recordPath, inPieces(process, record), { durable });
    if (outcome === "created") {
      this.#promises.push({ attempt, outcome });
      return;
    }
    // Without hard links it may be a placeholder that "exists", which promises nothing.
    if (this.#options.hardLinks !== false) this.#promises.push({ attempt, outcome });
    // Only the loser knows of its payload.
    await store.remove(payloadPath);
  }

  /** Without an answer it is unknown whether the record was committed, so its payload must stay. */
  async #tidyUp(store: Store, attempt: Attempt): Promise<void> {
    try {
      const record = await store.read(attempt.recordPath);
      if (record === undefined || record.length === 0 || text(record) !== attempt.record)
        await store.remove(attempt.payloadPath);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #checkExclusiveness(): void {
    for (const { attempt } of this.#promises) {
      const created = this.#promises.filter(
        (told) => told.outcome === "created" && told.attempt.recordPath === attempt.recordPath,
      );
      if (created.length > 1)
        this.#fail(`${created.length} processes were told that they created ${attempt.recordPath}`);
    }
  }

  async #check(fileSystem: FileSystem, when: string, isAfterCrash: boolean): Promise<void> {
    const store = fileStore("/home/sim", { fileSystem });
    await this.#checkReplaced(store, when, isAfterCrash);
    const records = new Map<StorePath, string | undefined>();
    for (const recordPath of new Set(this.#attempts.map((attempt) => attempt.recordPath))) {
      const bytes = await store.read(recordPath);
      records.set(recordPath, bytes && text(bytes));
      if (bytes === undefined) continue;
      const attempt = this.#attempts.find((one) => one.record === text(bytes));
      if (attempt === undefined) {
        if (!this.#mayBeTorn(recordPath, bytes, isAfterCrash)) this.#fail(`${recordPath} is torn ${when}`);
        continue;
      }
      const payload = await store.read(attempt.payloadPath);
      const isPromised = this.#isPromised(recordPath, isAfterCrash);
      if (payload === undefined && (isPromised || !isAfterCrash))
        this.#fail(`${recordPath} vouches for ${attempt.payloadPath}, which is missing ${when}`);
      if (payload !== undefined && text(payload) !== attempt.payload && (attempt.durable || !isAfterCrash))
        this.#fail(`${recordPath} vouches for ${attempt.payloadPath}, which is torn ${when}`);
    }
    for (const { attempt, outcome } of this.#promises) {
      if (isAfterCrash && !attempt.durable) continue;
      const record = records.get(attempt.recordPath);
      if (record === undefined) this.#fail(`${attempt.recordPath} is missing ${when}, and was promised (${outcome})`);
      if (outcome === "created" && record !== attempt.record)
        this.#fail(`${attempt.recordPath} is not that of its creator, process ${attempt.process}, ${when}`);
    }
  }

  /** Checks that the object is the last acknowledged one, or one that may have come after it. */
  async #checkReplaced(store: Store, when: string, isAfterCrash: boolean): Promise<void> {
    const bytes = await store.read(REPLACED);
    const counted = this.#replacements.filter(
      ({ doneAt, durable }) => doneAt !== undefined && (durable || !isAfterCrash),
    );
    const found = this.#replacements.find(({ content }) => bytes !== undefined && content === text(bytes));
    if (found === undefined) {
      const isCareless = isAfterCrash && this.#replacements.some(({ durable }) => !durable);
      if (bytes !== undefined && !isCareless) this.#fail(`${REPLACED} is torn ${when}`);
      if (counted.length > 0 && !isCareless) this.#fail(`${REPLACED} is missing ${when}`);
      return;
    }
    const endedAt = found.doneAt ?? found.failedAt ?? Number.POSITIVE_INFINITY;
    const later = counted.find(({ startedAt }) => startedAt > endedAt);
    if (later !== undefined)
      this.#fail(`${REPLACED} is that of ${found.content}, and not of ${later.content}, ${when}`);
  }

  /**
   * Checks that no file stays open: a process that leaks them cannot open any more files in the
   * end.
   */
  #checkOpenFiles(): void {
    for (const process of this.simulation.processes) {
      const open = process.isAlive ? process.openFiles() : [];
      if (open.length > 0) this.#fail(`process ${process.index} has forgotten to close ${open}`);
    }
  }

  /** Whether a process was told that the record is there, and had asked for it to last. */
  #isPromised(recordPath: StorePath, isAfterCrash: boolean): boolean {
    return this.#promises.some(
      (told) => told.attempt.recordPath === recordPath && (told.attempt.durable || !isAfterCrash),
    );
  }

  /**
   * Whether the record may be torn: it was written without waiting for the disk, and no process was
   * told that it will last; or it is a placeholder.
   */
  #mayBeTorn(recordPath: StorePath, bytes: Uint8Array, isAfterCrash: boolean): boolean {
    const { hardLinks = true, faultChance = 0 } = this.#options;
    const isPromised = this.#isPromised(recordPath, isAfterCrash);
    if (bytes.length === 0 && (!hardLinks || faultChance > 0) && !isPromised) return true;
    const isCareless = this.#attempts.some((attempt) => attempt.recordPath === recordPath && !attempt.durable);
    // A later fsync cannot know that one for another process has failed.
    return isAfterCrash && isCareless && (!isPromised || faultChance > 0);
  }

  /** Nothing that a crash leaves keeps the next process from publishing, or stays for ever. */
  async #recover(fileSystem: FileSystem): Promise<void> {
    const store = fileStore("/home/sim", { fileSystem });
    const fresh = storePath("points", "after-the-crash.json");
    if ((await store.createIfAbsent(fresh, [Buffer.from("alive")])) !== "created") this.#fail("nothing can be created");
    const left = await fileSystem.async.readFolder("/home/sim/.persistable/tmp");
    if (left.length > 0) this.#fail(`temporary files are left after a recovery: ${left.map((entry) => entry.name)}`);
  }

  async #checkLitter(): Promise<void> {
    const store = fileStore("/home/sim", { fileSystem: this.simulation.observe() });
    const wanted = new Set(
      this.#promises.flatMap(({ attempt, outcome }) =>
        outcome === "created" ? [attempt.recordPath, attempt.payloadPath] : [],
      ),
    );
    wanted.add(REPLACED);
    for await (const { path } of store.list("")) if (!wanted.has(path)) this.#fail(`${path} is litter`);
    const temporaries = await this.simulation.observe().async.readFolder("/home/sim/.persistable/tmp");
    if (temporaries.length > 0) this.#fail(`${temporaries.map((entry) => entry.name)} are litter`);
  }

  #fail(problem: string): never {
    throw new BrokenPromiseError(`seed ${this.simulation.seed}: ${problem}\n${this.simulation.trace.join("\n")}`);
  }
}

/** A store did not keep what it had promised. */
export class BrokenPromiseError extends Error {}

/** The object that every process writes again and again. */
const REPLACED = storePath("points", "latest.json");

/** The number of disks that are checked for each seed, of those that a power cut could leave. */
const CRASH_STATES = 4;

function createAttempt(process: SimulatedProcess, round: number): Attempt {
  const { index, random } = process;
  const folder = random.pick(["points", "points", "estimators"]);
  const name = random.pick(["3f9a", "3f9a", "77be"]);
  const payloadPath = storePath(folder, `${name}.${index}${round}.bin`);
  const payload = `payload of ${index}.${round} `.repeat(1 + random.below(6));
  const record = JSON.stringify({
    payload: payloadPath,
    padding: "-".repeat(random.below(60)),
    end: `${index}.${round}`,
  });
  const durable = !random.chance(0.15);
  return { process: index, recordPath: storePath(folder, `${name}.json`), record, payloadPath, payload, durable };
}

function inPieces(process: SimulatedProcess, content: string): Uint8Array[] {
  const end = process.random.below(content.length + 1);
  return [Buffer.from(content.slice(0, end)), Buffer.from(content.slice(end))];
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
