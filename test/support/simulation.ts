import type { FileSystem } from "../../src/store/folder/calls/file-system.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type MetadataModel, SimulatedDisk } from "./simulated-disk.ts";
import { type Fault, type SimulatedCall, simulatedFileSystem, type Turn } from "./simulated-file-system.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly processes: number;
  /** Default: either, by the seed. */
  readonly metadata?: MetadataModel;
  /**
   * At each step, the chance that a process is killed: it stops between two system calls, and what
   * it has not synced stays in memory.
   */
  readonly killChance?: number;
  /** At each step, the chance that the power is cut. */
  readonly powerCutChance?: number;
  /** For each system call, the chance that it fails, or does its work and says that it failed. */
  readonly faultChance?: number;
  /** Default `true`. */
  readonly hardLinks?: boolean;
  /**
   * With a synchronous door; then nothing comes between the steps of what goes through it. Default
   * `false`.
   */
  readonly synchronous?: boolean;
  /** Change the file system of every process: for planting bugs. */
  readonly wrap?: (fileSystem: FileSystem) => FileSystem;
}

/** One process of a simulation. */
export interface SimulatedProcess {
  readonly index: number;
  readonly fileSystem: FileSystem;
  /** Random numbers for the decisions of this process. */
  readonly random: SeededRandom;
  /** Lets another process go first; a loop that waits for another process has to call it. */
  pause(): Promise<void>;
  /** Paths of the files that it has open. */
  openFiles(): readonly string[];
  /** Not killed, and the power is on. */
  readonly isAlive: boolean;
}

/** Several processes on one disk, whose every step is decided by the seed. */
export interface Simulation {
  readonly seed: number;
  readonly disk: SimulatedDisk;
  readonly random: SeededRandom;
  readonly processes: readonly SimulatedProcess[];
  /** How many steps were made so far. */
  readonly steps: number;
  /**
   * Runs one body in each process until all have ended or were killed, or the power was cut. The
   * body must wait for nothing but the disk. Its errors end the simulation.
   */
  run(body: (process: SimulatedProcess) => Promise<void>): Promise<"ended" | "power-cut">;
  /**
   * Disks that could be found after a power cut now, each with the file system of a process that
   * finds it.
   */
  crash(): { readonly disk: SimulatedDisk; readonly fileSystem: FileSystem };
  /** The file system of a further process that nothing interrupts, on the disk as it is. */
  observe(): FileSystem;
  /** The last steps, for a person who looks for the reason. */
  readonly trace: readonly string[];
}

const TRACED_STEPS = 400;
/** Codes that a disk may give for anything. */
const faultCodes = ["EIO", "ENOSPC", "EMFILE", "EACCES"] as const;

export function createSimulation(options: SimulationOptions): Simulation {
  const random = new SeededRandom(options.seed);
  const { metadata = random.pick(["any", "journal"] as const) } = options;
  return new SeededSimulation(options, random, new SimulatedDisk(metadata));
}

interface Waiting {
  readonly process: ProcessState;
  readonly step: () => void;
  readonly description: string;
}

interface ProcessState extends SimulatedProcess {
  isAlive: boolean;
  hasEnded: boolean;
}

class SeededSimulation implements Simulation {
  readonly seed: number;
  readonly disk: SimulatedDisk;
  readonly random: SeededRandom;
  readonly trace: string[] = [];
  readonly #options: SimulationOptions;
  steps = 0;
  readonly #processes: ProcessState[] = [];
  #waiting: Waiting[] = [];
  #last: ProcessState | undefined;

  constructor(options: SimulationOptions, random: SeededRandom, disk: SimulatedDisk) {
    this.seed = options.seed;
    this.disk = disk;
    this.random = random;
    this.#options = options;
    for (let index = 0; index < options.processes; index++) this.#processes.push(this.#createProcess(index));
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#processes;
  }

  async run(body: (process: SimulatedProcess) => Promise<void>): Promise<"ended" | "power-cut"> {
    let failure: { readonly error: unknown } | undefined;
    for (const process of this.#processes) {
      process.hasEnded = false;
      body(process).then(
        () => {
          process.hasEnded = true;
        },
        (error: unknown) => {
          process.hasEnded = true;
          if (process.isAlive) failure ??= { error };
        },
      );
    }
    // A process that likes to go on by itself finds other schedules than one that is interrupted at
    // every step.
    const stickiness = this.random.pick([0, 0.5, 0.9]);
    for (;;) {
      await this.#settle();
      if (failure !== undefined) throw failure.error;
      if (this.#waiting.length === 0) return "ended";
      if (this.random.chance(this.#options.powerCutChance ?? 0)) return this.#cutPower();
      if (this.random.chance(this.#options.killChance ?? 0)) this.#kill(this.random.pick(this.#waiting).process);
      else this.#choose(stickiness).step();
    }
  }

  crash(): { disk: SimulatedDisk; fileSystem: FileSystem } {
    const disk = this.disk.crash(this.random);
    return { disk, fileSystem: simulatedFileSystem(disk, { owner: "after-the-crash", isOwnerDead: () => true }) };
  }

  observe(): FileSystem {
    return simulatedFileSystem(this.disk, { owner: "observer", isOwnerDead: (owner) => this.#isDead(owner) });
  }

  #createProcess(index: number): ProcessState {
    const state = { index, isAlive: true, hasEnded: false, random: new SeededRandom(this.seed * 31 + index) };
    const turn: Turn = (call, perform) => this.#wait(process, `${call.name} ${call.path}`, perform);
    const fileSystem = simulatedFileSystem(this.disk, {
      owner: `process-${index}`,
      isOwnerDead: (owner) => this.#isDead(owner),
      turn,
      faults: (call) => this.#plan(call),
      shortTransfers: this.random,
      hardLinks: this.#options.hardLinks ?? true,
      synchronous: this.#options.synchronous ?? false,
    });
    const process: ProcessState = Object.assign(state, {
      fileSystem: this.#options.wrap?.(fileSystem) ?? fileSystem,
      pause: () => this.#wait(process, "pause", () => {}),
      openFiles: () => fileSystem.openFiles(),
    });
    return process;
  }

  #wait<Result>(process: ProcessState, description: string, perform: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      // A dead process gets no answer, and so does nothing more.
      if (!process.isAlive) return;
      const step = (): void => {
        this.disk.nowMs++;
        this.steps++;
        this.#waiting = this.#waiting.filter((waiting) => waiting.step !== step);
        let outcome = "";
        try {
          resolve(perform());
        } catch (error) {
          outcome = ` ${(error as NodeJS.ErrnoException).code}`;
          reject(error);
        }
        this.#note(`${process.index}: ${description}${outcome}`);
      };
      this.#waiting.push({ process, step, description });
    });
  }

  /** Until every living process waits for the disk or has ended. */
  async #settle(): Promise<void> {
    for (let round = 0; round < 1000; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      const isBusy = (process: ProcessState): boolean =>
        process.isAlive && !process.hasEnded && !this.#waiting.some((waiting) => waiting.process === process);
      if (!this.#processes.some(isBusy)) return;
    }
    throw new Error("A process of the simulation waits for something else than the disk.");
  }

  #choose(stickiness: number): Waiting {
    const ofLast = this.#waiting.filter((waiting) => waiting.process === this.#last);
    const chosen = this.random.pick(ofLast.length > 0 && this.random.chance(stickiness) ? ofLast : this.#waiting);
    this.#last = chosen.process;
    return chosen;
  }

  #kill(process: ProcessState): void {
    this.#note(`${process.index}: killed`);
    process.isAlive = false;
    this.#waiting = this.#waiting.filter((waiting) => waiting.process !== process);
  }

  #cutPower(): "power-cut" {
    this.#note("the power is cut");
    for (const process of this.#processes) process.isAlive = false;
    this.#waiting = [];
    return "power-cut";
  }

  #isDead(owner: string): boolean {
    return this.#processes.some((process) => process.fileSystem.owner === owner && !process.isAlive);
  }

  #plan(call: SimulatedCall): Fault | undefined {
    if (!this.random.chance(this.#options.faultChance ?? 0)) return undefined;
    const done = ["link", "rename", "unlink", "mkdir"].includes(call.name) && this.random.chance(0.5);
    // A process that may not open a folder never may: a store relies on that for the folders above
    // its own.
    const codes = call.name === "syncFolder" ? faultCodes.slice(0, 3) : faultCodes;
    const code = this.random.pick(call.name === "link" && done ? ["EEXIST", "EPERM", "EIO"] : codes);
    this.#note(`next fails with ${code}${done ? ", after it was done" : ""}`);
    return { code, done };
  }

  #note(step: string): void {
    this.trace.push(step);
    if (this.trace.length > TRACED_STEPS) this.trace.shift();
  }
}
