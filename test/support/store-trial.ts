import { StoreError } from "../../src/errors/store-errors.ts";
import { fileStore } from "../../src/store/file-store.ts";
import type { FileSystem } from "../../src/store/file-system.ts";
import type { Store, StorePath } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { createSimulation, type SimulatedProcess, type Simulation, type SimulationOptions } from "./simulation.ts";

/** What a simulated process wanted to publish: a payload under a name of its own, and a record that vouches for it. */
interface Attempt {
  readonly process: number;
  readonly recordPath: StorePath;
  readonly record: string;
  readonly payloadPath: StorePath;
  readonly payload: string;
  readonly durable: boolean;
}

/** What a process was told: from then on it must be true, whatever happens. */
interface Told {
  readonly attempt: Attempt;
  readonly outcome: "created" | "exists";
}

/** A seed's run of several processes that publish into one store, and everything that a store promised them. */
export class StoreTrial {
  readonly simulation: Simulation;
  readonly #options: SimulationOptions;
  readonly #attempts: Attempt[] = [];
  readonly #promises: Told[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.simulation = createSimulation(options);
  }

  /** Part of the store is loaded on first use, for which a simulation does not wait: so it is used once before. */
  static async warmUp(): Promise<void> {
    const { simulation } = new StoreTrial({ seed: 0, processes: 0 });
    await fileStore("/home/sim", { fileSystem: simulation.observe() }).removeLitter();
  }

  /** Runs it to the end, or to a power cut, and looks at what is there then. Throws where a promise is broken. */
  async run(): Promise<void> {
    const end = await this.simulation.run((process) => this.#publishSome(process));
    this.#checkExclusiveness();
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
    // The loser's payload is known to nobody but the loser.
    await store.remove(payloadPath);
  }

  /** Without an answer nobody knows whether the record was committed: then its payload must stay. */
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

  /** Whether somebody was told that it is there, and meant it to last. */
  #isPromised(recordPath: StorePath, isAfterCrash: boolean): boolean {
    return this.#promises.some(
      (told) => told.attempt.recordPath === recordPath && (told.attempt.durable || !isAfterCrash),
    );
  }

  /** What was written without waiting for the disk, until somebody was told that it will last; and a placeholder. */
  #mayBeTorn(recordPath: StorePath, bytes: Uint8Array, isAfterCrash: boolean): boolean {
    const { hardLinks = true, faultChance = 0 } = this.#options;
    const isPromised = this.#isPromised(recordPath, isAfterCrash);
    if (bytes.length === 0 && (!hardLinks || faultChance > 0) && !isPromised) return true;
    const isCareless = this.#attempts.some((attempt) => attempt.recordPath === recordPath && !attempt.durable);
    // When an fsync for somebody else has failed, no later one can know.
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

/** How many of the disks that a power cut could leave are looked at for each seed. */
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
