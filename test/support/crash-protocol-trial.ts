import { recordPath } from "../../src/artifact/layout/record-path.ts";
import { collectOrphans } from "../../src/artifact/publish/collect-orphans.ts";
import { publishArtifact } from "../../src/artifact/publish/publication.ts";
import { removeArtifact } from "../../src/artifact/publish/remove-artifact.ts";
import { quarantineArtifact } from "../../src/artifact/read/quarantine-artifact.ts";
import { readArtifact } from "../../src/artifact/read/read-artifact.ts";
import type { DamagedArtifact, ReadOutcome } from "../../src/artifact/read/read-outcome.ts";
import { StoreError } from "../../src/errors/store-errors.ts";
import { resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { json } from "../../src/format/json/json-format.ts";
import { type State, stateKey } from "../../src/persistable/declare/state.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { draftRecord } from "../../src/record/encode-record.ts";
import type { FileSystem } from "../../src/store/folder/calls/file-system.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { History, type Sight } from "./crash-history.ts";
import { isFile, type MetadataModel } from "./simulated-disk.ts";
import { createSimulation, type SimulatedProcess, type Simulation, type SimulationOptions } from "./simulation.ts";

export interface ProtocolTrialOptions extends SimulationOptions {
  /** At each operation, the chance that a file is damaged instead. */
  readonly damageChance?: number;
  /** The share of operations that remove an artifact. Default: a tenth. */
  readonly removeChance?: number;
  /**
   * The age from which orphans are collected while other processes work. Default: one hour, with
   * orphans that are a day old.
   */
  readonly graceMs?: number;
  /** Change the store of every process: for planting bugs. */
  readonly wrapStore?: (store: Store) => Store;
  readonly remove?: typeof removeArtifact;
  readonly quarantine?: typeof quarantineArtifact;
}

/** A promise of the protocol does not hold. */
export class BrokenProtocolError extends Error {}

const ROOT = "/home/sim";
const HOUR_MS = 3_600_000;
const CRASH_STATES = 4;
const IN_CRASH_STATE = "in crash state";
const format = json() as never;
const formats = [format] as const;

const definition = definePersistable({ name: "points", params: typedParams<{ key: number }>(), generate: () => 0 });
const nodes = [0, 1].map(
  (key) => (definition({ key }, { dataDir: "unused" }) as unknown as { [stateKey]: State })[stateKey].recipe,
);

/** One of the artifacts of a trial, with all that happened to it. */
interface Subject {
  readonly node: State["recipe"];
  readonly history: History;
  /** Contents of its record, and paths of its payloads, that were damaged on purpose. */
  readonly damaged: Set<string>;
}

/**
 * A seed's run of several processes that publish, replace, read, heal, remove and collect two
 * artifacts.
 */
export class ProtocolTrial {
  readonly simulation: Simulation;
  readonly #options: ProtocolTrialOptions;
  readonly #metadata: MetadataModel;
  readonly #subjects: readonly Subject[] = nodes.map((node) => ({ node, history: new History(), damaged: new Set() }));
  /** How much of everything happened: a trial in which nothing does proves nothing. */
  readonly counts = { acknowledged: 0, present: 0, missing: 0, damaged: 0, failed: 0, collected: 0 };
  #serials = 0;

  constructor(options: ProtocolTrialOptions) {
    this.#options = options;
    this.#metadata = options.metadata ?? (options.seed % 2 === 0 ? "any" : "journal");
    this.simulation = createSimulation({ ...options, metadata: this.#metadata });
    // The folder of the store is there for good; creating it is a matter of the store alone.
    for (const folder of ["/home", ROOT]) {
      this.simulation.disk.mkdir(folder);
      this.simulation.disk.syncFolder(folder.slice(0, folder.lastIndexOf("/")) || "/");
    }
  }

  /**
   * Parts of the library are loaded on first use, for which a simulation does not wait: so they are
   * used once before.
   */
  static async warmUp(): Promise<void> {
    const trial = new ProtocolTrial({ seed: 0, processes: 0 });
    await fileStore(ROOT, { fileSystem: trial.simulation.observe() }).removeLitter();
    const store = memoryStore();
    for (const subject of trial.#subjects) {
      await trial.#publish(store, subject, { replace: false, inlineBytes: 0 });
      await trial.#read(store, subject);
      await trial.#collect(store);
      await trial.#remove(store, subject);
      await trial.#readOrPublish(store, subject, 0);
    }
  }

  /**
   * Runs two days: on the second one there are orphans to collect. Then it checks everything, also
   * in the states that power cuts could leave.
   */
  async run(): Promise<void> {
    let end = await this.simulation.run((process) => this.#work(process, false));
    if (end === "ended") {
      this.simulation.disk.nowMs += 24 * HOUR_MS;
      end = await this.simulation.run((process) => this.#work(process, process.index === 0));
    }
    for (let state = 0; state < CRASH_STATES; state++) {
      const { fileSystem } = this.simulation.crash();
      await this.#inspect(fileSystem, `${IN_CRASH_STATE} ${state}`);
    }
    if (end === "ended") await this.#inspect(this.simulation.observe(), "in the end");
  }

  async #work(process: SimulatedProcess, isCollector: boolean): Promise<void> {
    const store = this.#storeOf(process.fileSystem);
    const operations = 2 + process.random.below(3);
    for (let i = 0; i < operations; i++) {
      try {
        if (isCollector && process.random.chance(0.7)) await this.#collect(store);
        else await this.#performOne(process, store, process.random.pick(this.#subjects));
      } catch (error) {
        // A disk that fails is reported; what is not allowed is to take it for something else.
        if (!(error instanceof StoreError)) throw error;
        this.counts.failed++;
      }
    }
  }

  #storeOf(fileSystem: FileSystem): Store {
    const store = fileStore(ROOT, { fileSystem });
    return this.#options.wrapStore?.(store) ?? store;
  }

  async #performOne({ random }: SimulatedProcess, store: Store, subject: Subject): Promise<void> {
    if (random.chance(this.#options.damageChance ?? 0)) return this.#damage(subject);
    const inlineBytes = random.pick([0, 1000]);
    const roll = random.next();
    if (roll < 0.3) await this.#publish(store, subject, { replace: true, inlineBytes });
    else if (roll < 1 - (this.#options.removeChance ?? 0.1)) await this.#readOrPublish(store, subject, inlineBytes);
    else await this.#remove(store, subject);
  }

  async #publish(
    store: Store,
    { node, history }: Subject,
    options: { replace: boolean; inlineBytes: number },
  ): Promise<void> {
    const serial = ++this.#serials;
    const operation = history.begin("publish", serial);
    const encoded = [new TextEncoder().encode(JSON.stringify({ address: node.address, serial }))];
    const draft = draftRecord(node, undefined);
    const provenance = { createdAt: "2026-01-01T00:00:00.000Z", pid: serial };
    try {
      const { outcome } = await publishArtifact({
        ...{ store, draft, format, encoded, provenance, signal: undefined },
        ...options,
      });
      // The loser has published nothing, but another process has, which is as good.
      history.end(operation, outcome !== "exists");
      this.counts.acknowledged++;
    } catch (error) {
      // It is unknown whether the operation took effect, but it does nothing more.
      history.end(operation, false);
      throw error;
    }
  }

  /**
   * Loads or generates as `loadOrGenerate` does, but without the lease, which must not matter to
   * the result.
   */
  async #readOrPublish(store: Store, subject: Subject, inlineBytes: number): Promise<void> {
    const outcome = await this.#read(store, subject);
    if (outcome.state === "present") return;
    const isDamaged = outcome.state === "damaged";
    if (isDamaged && !(await this.#quarantine(store, subject, outcome))) return;
    await this.#publish(store, subject, { replace: isDamaged, inlineBytes });
  }

  async #read(store: Store, subject: Subject, where = "while others work"): Promise<ReadOutcome> {
    const { node, history } = subject;
    const lookedAt = history.now();
    const { name, address, classes } = node;
    const limits = resolveDecodeLimits(undefined);
    const outcome = await readArtifact({ store, name, address, formats, classes, limits, signal: undefined });
    this.counts[outcome.state]++;
    const objection = history.objectTo(this.#sightOf(subject, outcome, where), lookedAt);
    if (objection !== undefined) throw new BrokenProtocolError(`seed ${this.#options.seed}, ${where}: ${objection}`);
    return outcome;
  }

  async #quarantine(store: Store, { node }: Subject, judged: DamagedArtifact): Promise<boolean> {
    const { quarantine = quarantineArtifact } = this.#options;
    return (await quarantine(store, node.name, node.address, judged)) !== undefined;
  }

  async #remove(store: Store, { node, history }: Subject): Promise<void> {
    const operation = history.begin("remove", 0);
    const { remove = removeArtifact } = this.#options;
    try {
      await remove(store, node.name, node.address);
    } finally {
      history.end(operation, true);
    }
  }

  async #collect(store: Store): Promise<void> {
    const { graceMs = HOUR_MS } = this.#options;
    const { files } = await collectOrphans(store, "points", { graceMs, nowMs: this.simulation.disk.nowMs });
    this.counts.collected += files.length;
  }

  /** Damages the disk itself, as cosmic rays and editors do. */
  #damage({ node, damaged, history }: Subject): void {
    const { disk, random } = this.simulation;
    const folder = `${ROOT}/points`;
    if (disk.stat(folder) === undefined) return;
    const files = disk.readFolder(folder).filter(({ name }) => name.startsWith(node.address));
    if (files.length === 0) return;
    const { name } = random.pick(files);
    const file = disk.open(`${folder}/${name}`);
    if (!isFile(file) || file.data.length === 0) return;
    const data = random.chance(0.5) ? file.data.subarray(0, random.below(file.data.length)) : Buffer.from(file.data);
    if (data.length === file.data.length) data[random.below(data.length)] = 0;
    history.end(history.begin("remove", 0), true);
    file.data = data;
    file.durable = data;
    damaged.add(`${folder}/${name}`.endsWith(`${node.address}.json`) ? data.toString("latin1") : `points/${name}`);
  }

  /** A later process reads everything, tidies up, and reads it again. */
  async #inspect(fileSystem: FileSystem, where: string): Promise<void> {
    const store = fileStore(ROOT, { fileSystem });
    const subjects = this.#subjects.map((subject) => ({ ...subject, history: subject.history.fork() }));
    for (const subject of subjects) await this.#read(store, subject, where);
    await collectOrphans(store, "points", { graceMs: HOUR_MS, nowMs: fileSystem.now() + 48 * HOUR_MS });
    for (const subject of subjects) {
      const outcome = await this.#read(store, subject, `${where}, tidied up`);
      if (outcome.state === "damaged") await this.#quarantine(store, subject, outcome);
      if (outcome.state !== "present") await this.#publish(store, subject, { replace: true, inlineBytes: 0 });
      const healed = await this.#read(store, subject, `${where}, healed`);
      if (healed.state !== "present")
        throw new BrokenProtocolError(`seed ${this.#options.seed}, ${where}: cannot be healed`);
    }
    await this.#checkLitter(store, fileSystem, where);
  }

  /** Nothing but records and the payloads that they name. */
  async #checkLitter(store: Store, fileSystem: FileSystem, where: string): Promise<void> {
    await collectOrphans(store, "points", { graceMs: HOUR_MS, nowMs: fileSystem.now() + 48 * HOUR_MS });
    const records = new Set(nodes.map(({ name, address }) => recordPath(name, address)));
    let payloads = 0;
    for await (const { path } of store.list("points/")) if (!records.delete(path)) payloads++;
    if (records.size > 0 || payloads > nodes.length)
      throw new BrokenProtocolError(`seed ${this.#options.seed}, ${where}: ${payloads} payloads of ${nodes.length}`);
  }

  #sightOf({ node, damaged, history }: Subject, outcome: ReadOutcome, where: string): Sight {
    if (outcome.state === "missing") return outcome;
    if (outcome.state === "damaged") {
      const { file, problem, recordBytes } = outcome;
      const isDamaged = damaged.has(file) || damaged.has(Buffer.from(recordBytes).toString("latin1"));
      // Without hard links an empty file holds the place of a record for a moment.
      const isPlaceholder = this.#options.hardLinks === false && recordBytes.length === 0;
      // If the names in a folder reach the disk in any order, a power cut may take a payload and
      // leave its record; but only if no caller was told that they are there.
      const mayBeHalf = where.startsWith(IN_CRASH_STATE) && this.#metadata === "any" && problem === "is missing";
      const isHalf = mayBeHalf && history.standing(history.now()) === undefined;
      return { state: "damaged", isExpected: isDamaged || isPlaceholder || isHalf, problem };
    }
    const { address, serial } = outcome.payload as { address: string; serial: number };
    return { state: "present", serial: address === node.address ? serial : undefined };
  }
}
