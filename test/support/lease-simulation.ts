import type { Address } from "../../src/address/address.ts";
import { acquireLease, type Lease } from "../../src/artifact/lease/lease.ts";
import { readClaim, readClaimChain } from "../../src/artifact/lease/lease-claim.ts";
import type { Machine } from "../../src/artifact/lease/lease-machine.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";

/** The description of one simulated run. The seed makes each choice that it leaves open. */
export interface Scenario {
  readonly seed: number;
  readonly processes: number;
  /** Processes that are killed, at any moment. */
  readonly kills: number;
  /** Processes that are stopped at any moment, mostly for longer than they may be silent. */
  readonly stops: number;
  /**
   * Whether processes see at once that another one is dead; otherwise they only notice that it is
   * silent.
   */
  readonly seesDeath: boolean;
  /** How likely a generator fails. */
  readonly failures: number;
  /** How likely a process gives up while it waits. */
  readonly aborts: number;
  /** A bug to be found. */
  readonly bug?: "create-overwrites";
}

/** The outcome of a simulated run. */
export interface Outcome {
  /** Two processes that both worked held the lease at the same time. */
  readonly overlaps: number;
  /** How often a process began to generate a payload that was already there. */
  readonly doubledWork: number;
  /** The payload was there at the end. */
  readonly isCompleted: boolean;
  readonly takeovers: number;
  /**
   * Claims that another process would have to wait for, although their owner has ended and was
   * never killed.
   */
  readonly leftovers: number;
  /** Files of such owners that no chain leads to. */
  readonly litter: number;
  /** A lease said that it was current although a later one had been won. */
  readonly falselyCurrent: number;
  /** Processes that never came to an end. */
  readonly wedged: number;
  readonly errors: readonly unknown[];
}

const ADDRESS = "a".repeat(64) as Address;
const RECORD = storePath("payload", "record.json");
const TIMING = { pollMs: 20, beatMs: 100, staleMs: 1000 };
const MAX_STEPS = 20_000;

/**
 * Play processes against one store, one call of the store at a time, in an order that the seed
 * decides.
 */
export async function simulate(scenario: Scenario): Promise<Outcome> {
  const random = Math.random;
  const simulation = new Simulation(scenario);
  Math.random = simulation.random;
  try {
    return await simulation.run();
  } finally {
    Math.random = random;
  }
}

interface Pending {
  readonly owner: SimulatedProcess;
  /** The effect of a call, as opposed to its answer. */
  readonly isEffect?: boolean;
  readonly run: () => void;
}

interface Timer extends Pending {
  readonly atMs: number;
}

interface SimulatedProcess {
  readonly pid: number;
  readonly mayGiveUp: boolean;
  isDead: boolean;
  stoppedUntilMs: number;
  hasEnded: boolean;
}

class Simulation {
  readonly random: () => number;
  readonly #scenario: Scenario;
  readonly #disk = memoryStore();
  readonly #processes: SimulatedProcess[] = [];
  readonly #calls: Pending[] = [];
  readonly #timers = new Set<Timer>();
  readonly #working = new Map<SimulatedProcess, Lease>();
  readonly #errors: unknown[] = [];
  #nowMs = 0;
  #overlaps = 0;
  #doubledWork = 0;
  #takeovers = 0;
  #falselyCurrent = 0;
  #newestEpochStart = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.random = seeded(scenario.seed);
  }

  async run(): Promise<Outcome> {
    for (let i = 0; i < this.#scenario.processes; i++) this.#start(i > 0);
    let kills = this.#scenario.kills;
    let stops = this.#scenario.stops;
    for (let step = 0; step < MAX_STEPS && this.#isAnybodyAtWork(); step++) {
      await settled();
      if (kills > 0 && this.random() < 0.02) {
        kills--;
        this.#kill();
      } else if (stops > 0 && this.random() < 0.02) {
        stops--;
        const [process] = this.#pick(this.#processes.filter((candidate) => this.#mayRun(candidate)));
        if (process !== undefined) process.stoppedUntilMs = this.#nowMs + 4 * TIMING.staleMs * this.random();
      }
      this.#step();
    }
    return this.#outcome();
  }

  /** One call of a store takes effect, or time goes on. */
  #step(): void {
    const calls = this.#calls.filter(({ owner }) => this.#mayRun(owner));
    const [call] = this.#pick(calls);
    if (call !== undefined && this.random() < 0.9) {
      this.#calls.splice(this.#calls.indexOf(call), 1);
      call.run();
      return;
    }
    const due = [...this.#timers].filter(({ owner }) => !owner.isDead);
    const next = due.reduce<Timer | undefined>(
      (first, timer) => (first !== undefined && this.#dueMs(first) <= this.#dueMs(timer) ? first : timer),
      undefined,
    );
    if (next === undefined) {
      this.#nowMs += TIMING.pollMs;
      return;
    }
    this.#nowMs = Math.max(this.#nowMs, this.#dueMs(next));
    this.#timers.delete(next);
    next.run();
  }

  #dueMs({ atMs, owner }: Timer): number {
    return Math.max(atMs, owner.stoppedUntilMs);
  }

  /** In half of the cases just after a call of its took effect, of which it never hears. */
  #kill(): void {
    const [process] = this.#pick(this.#processes.filter(({ isDead, hasEnded }) => !isDead && !hasEnded));
    if (process === undefined) return;
    const call = this.#calls.find(({ owner, isEffect }) => owner === process && isEffect === true);
    if (this.random() < 0.5) call?.run();
    process.isDead = true;
    this.#working.delete(process);
    // The process is started again.
    this.#start(process.mayGiveUp);
  }

  #start(mayGiveUp: boolean): void {
    const process: SimulatedProcess = {
      pid: this.#processes.length + 1,
      mayGiveUp,
      isDead: false,
      stoppedUntilMs: 0,
      hasEnded: false,
    };
    this.#processes.push(process);
    this.#live(process)
      .catch((error: unknown) => this.#errors.push(error))
      .finally(() => {
        process.hasEnded = true;
      });
  }

  /** The life of each process: it gets hold of the payload, by generating it if need be. */
  async #live(process: SimulatedProcess): Promise<void> {
    const store = this.#storeOf(process);
    const isDone = async (): Promise<boolean> => (await store.stat(RECORD)) !== undefined;
    for (;;) {
      const impatience = new AbortController();
      if (process.mayGiveUp && this.random() < this.#scenario.aborts)
        this.#after(process, 300 * this.random(), () => impatience.abort("impatient"));
      try {
        const lease = await acquireLease(store, ADDRESS, {
          isDone,
          signal: impatience.signal,
          onTakeover: () => this.#takeovers++,
          timing: TIMING,
          machine: this.#machineOf(process),
        });
        if (lease === undefined) return;
        await this.#workUnder(lease, process, store);
        if (await isDone()) return;
      } catch (error) {
        if (error !== "impatient") throw error;
        if (this.random() < 0.5) return;
      }
    }
  }

  async #workUnder(lease: Lease, process: SimulatedProcess, store: Store): Promise<void> {
    if (this.#working.size > 0) this.#overlaps++;
    if ((await this.#disk.stat(RECORD)) !== undefined) this.#doubledWork++;
    this.#working.set(process, lease);
    const wonMs = this.#nowMs;
    this.#newestEpochStart = wonMs;
    await new Promise<void>((resolve) => this.#after(process, 400 * this.random(), resolve));
    const hasLater = this.#newestEpochStart > wonMs;
    if ((await lease.isCurrent()) && hasLater) this.#falselyCurrent++;
    if (this.random() >= this.#scenario.failures) {
      await store.createIfAbsent(RECORD, [new Uint8Array(1)]);
    }
    this.#working.delete(process);
    await lease.release();
  }

  #machineOf(self: SimulatedProcess): Machine {
    return {
      self: { host: "simulated", pid: self.pid },
      isCertainlyGone: ({ pid }) => this.#scenario.seesDeath && this.#processes[pid - 1]?.isDead === true,
      nowMs: () => this.#nowMs,
      after: (delayMs, callback) => this.#after(self, delayMs, callback),
    };
  }

  #after(owner: SimulatedProcess, delayMs: number, run: () => void): () => void {
    const timer: Timer = { owner, atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * The store as one process sees it: each call takes effect at one moment, and its answer comes
   * later.
   */
  #storeOf(owner: SimulatedProcess): Store {
    const disk = this.#disk;
    const call = <Result>(run: () => Promise<Result>): Promise<Result> =>
      new Promise((resolve, reject) => {
        this.#calls.push({
          owner,
          isEffect: true,
          run: () => {
            run().then(
              (result) => !owner.isDead && this.#calls.push({ owner, run: () => resolve(result) }),
              (error: unknown) => reject(error),
            );
          },
        });
      });
    return {
      url: disk.url,
      capabilities: { exclusiveCreate: true, durable: false, shared: true },
      read: (path) => call(() => disk.read(path)),
      stat: (path) => call(() => disk.stat(path)),
      writeFresh: (path, chunks) => call(() => disk.writeFresh(path, chunks)),
      createIfAbsent: (path, chunks) =>
        call(async () => {
          if (this.#scenario.bug !== "create-overwrites" || path === RECORD) return disk.createIfAbsent(path, chunks);
          await disk.replace(path, chunks);
          return "created";
        }),
      replace: (path, chunks) => call(() => disk.replace(path, chunks)),
      move: (from, to) => call(() => disk.move(from, to)),
      remove: (path) => call(() => disk.remove(path)),
      list: (prefix) => disk.list(prefix),
    };
  }

  #mayRun({ isDead, stoppedUntilMs }: SimulatedProcess): boolean {
    return !isDead && stoppedUntilMs <= this.#nowMs;
  }

  #isAnybodyAtWork(): boolean {
    return this.#processes.some(({ isDead, hasEnded }) => !isDead && !hasEnded);
  }

  #pick<Value>(values: readonly Value[]): [Value?] {
    const value = values[Math.floor(this.random() * values.length)];
    return value === undefined ? [] : [value];
  }

  async #outcome(): Promise<Outcome> {
    const isAlive = (pid: number | undefined): boolean => this.#processes[(pid ?? 0) - 1]?.isDead === false;
    const chain = await readClaimChain(this.#disk, ADDRESS);
    let litter = 0;
    for await (const { path } of this.#disk.list(".persistable/leases/")) {
      const claim = await readClaim(this.#disk, path);
      if (isAlive(claim?.owner?.pid) && !chain.some(({ token }) => token === claim?.token)) litter++;
    }
    return {
      overlaps: this.#overlaps,
      doubledWork: this.#doubledWork,
      isCompleted: (await this.#disk.stat(RECORD)) !== undefined,
      takeovers: this.#takeovers,
      falselyCurrent: this.#falselyCurrent,
      leftovers: chain.filter(({ owner }) => isAlive(owner?.pid)).length,
      litter,
      wedged: this.#processes.filter(({ isDead, hasEnded }) => !isDead && !hasEnded).length,
      errors: this.#errors,
    };
  }
}

/** Every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** mulberry32: small, and good enough to choose by. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
