import { hostname } from "node:os";
import { fingerprintOfCode } from "../engine/code-fingerprint.ts";
import type { Engine, EngineServer, JobEnding, ServedJob } from "../engine/engine.ts";
import { poolQueueName, queueName } from "../engine/queue-name.ts";
import { openStore } from "../store/open/open-store.ts";
import { onAbort } from "../util/concurrency/on-abort.ts";
import { generateNodes } from "./generate-nodes.ts";
import { GeneratingProcess } from "./generating-process.ts";
import { type Health, serveHealth } from "./health-server.ts";
import { SkewJudge } from "./skew-judge.ts";

/** A worker on this machine. */
export interface WorkerOptions {
  readonly engine: Engine;
  /** The module of the pipeline. */
  readonly file: string;
  readonly dataDir: string;
  /** How many payloads are generated at a time, each in a process of its own. */
  readonly slots: number;
  /** The pools whose nodes it takes, by default those of all definitions and nodes without one. */
  readonly pools: readonly string[] | undefined;
  /** The worker ends after it had nothing to do for this long. */
  readonly idleExitMs: number | undefined;
  /** The port of 127.0.0.1 on which it answers `/health` and `/metrics`. */
  readonly healthPort: number | undefined;
  /** The script of this package that generates for a worker, with its arguments. */
  readonly command: readonly [script: string, ...args: readonly string[]];
  /** Aborted when the worker is to finish what it does, and to take nothing else. */
  readonly draining: AbortSignal;
  readonly note: (text: string, about: WorkerNote) => void;
}

/** The subject of a note: that the worker takes jobs, its work so far, or something wrong. */
export type WorkerNote = "ready" | "progress" | "problem";

/** How often a worker tells what it has done, if that has changed. */
const NOTE_MS = 10_000;

/** Why a worker has ended. */
export type WorkerEnd = "drained" | "idle" | "skewed";

/**
 * Takes jobs of a pipeline out of its queue until `draining` is aborted, or until there was nothing
 * to do for `idleExitMs`.
 *
 * @throws {@link EngineUnreachableError}; Error if the module cannot be imported
 */
export async function serveWorker(options: WorkerOptions): Promise<WorkerEnd> {
  const worker = new ServingWorker(options);
  return worker.serve();
}

class ServingWorker implements Health {
  readonly #options: WorkerOptions;
  readonly #free: GeneratingProcess[];
  readonly #all: readonly GeneratingProcess[];
  readonly counts = { running: 0, done: 0, failed: 0 };
  readonly #skew = new SkewJudge();
  #end: (end: WorkerEnd) => void = () => {};
  #idleTimer: NodeJS.Timeout | undefined;
  #noted = "";
  #isEnding = false;
  #servers: readonly EngineServer[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { command, file, dataDir, slots } = options;
    const worker = `${hostname()}:${process.pid}`;
    const onSkew = (job: ServedJob, message: string): JobEnding => {
      const judged = this.#skew.judge(job, message);
      if (judged.kind === "returned") {
        options.note(message, "problem");
        this.#skew.warn(job, worker, message);
      }
      if (this.#skew.isCertain) this.#end("skewed");
      return judged;
    };
    this.#all = Array.from({ length: slots }, () => {
      return new GeneratingProcess({ command, file, dataDir, worker, onSkew });
    });
    this.#free = [...this.#all];
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async queued(): Promise<Readonly<Record<string, number>>> {
    const sums: Record<string, number> = {};
    for (const counts of await Promise.all(this.#servers.map((server) => server.counts())))
      for (const [state, count] of Object.entries(counts)) sums[state] = (sums[state] ?? 0) + count;
    return sums;
  }

  async serve(): Promise<WorkerEnd> {
    const { engine, file, dataDir, slots, healthPort, draining, note } = this.#options;
    const code = engine.code ?? fingerprintOfCode(file);
    const store = openStore(dataDir);
    const queue = await queueName(code, store);
    const ended = new Promise<WorkerEnd>((resolve) => {
      this.#end = resolve;
    });
    let health: AsyncDisposable | undefined;
    let noteTimer: NodeJS.Timeout | undefined;
    try {
      // Starting one process now reports a module that cannot be imported before any job is taken.
      await this.#all[0]?.start();
      const pools = this.#options.pools ?? this.#all[0]?.pools ?? [];
      // Not `await using`: its helper would be one more dependency of the package.
      health = healthPort === undefined ? undefined : await serveHealth(healthPort, this);
      const options = { slots, handle: (job: ServedJob) => this.#handle(job), onProblem: () => {} };
      const queues = new Set(pools.map((pool) => poolQueueName(queue, pool)));
      this.#servers = await Promise.all([...queues].map((each) => engine.serve(each, options)));
      const which = this.#options.pools === undefined ? "" : ` of the pools ${pools.join(", ")}`;
      note(
        `Waits for payloads${which} to generate: ${slots} at a time, code ${code}, store ${store.url}, queue ${queue} on ${engine.url}.`,
        "ready",
      );
      this.#restIdle();
      noteTimer = setInterval(() => this.#noteCounts(), NOTE_MS);
      const stopListening = onAbort(draining, () => this.#end("drained"));
      const end = await ended;
      this.#isEnding = true;
      stopListening();
      clearTimeout(this.#idleTimer);
      if (this.counts.running > 0) note(`Finishes ${this.counts.running} that are being generated.`, "progress");
      await Promise.all(this.#servers.map((server) => server.drain()));
      return end;
    } finally {
      clearInterval(noteTimer);
      this.#noteCounts();
      await health?.[Symbol.asyncDispose]();
      await Promise.all(this.#all.map((process) => process.end()));
    }
  }

  async #handle(job: ServedJob): Promise<JobEnding> {
    const process = this.#free.pop();
    if (process === undefined) return { kind: "returned" };
    this.counts.running += 1;
    // With one queue, the engine counts the places itself.
    if (this.#free.length === 0 && this.#servers.length > 1) for (const server of this.#servers) server.pause();
    clearTimeout(this.#idleTimer);
    try {
      return await generateNodes(job, (one) => this.#runCounted(process, one));
    } finally {
      this.counts.running -= 1;
      this.#free.push(process);
      if (this.#free.length === 1 && this.#servers.length > 1 && !this.#isEnding)
        for (const server of this.#servers) server.resume();
      this.#restIdle();
    }
  }

  async #runCounted(process: GeneratingProcess, job: ServedJob): Promise<JobEnding> {
    const ending = await process.run(job);
    if (ending.kind !== "returned") this.counts[ending.kind] += 1;
    if (ending.kind === "done") this.#skew.noteBuilt(job);
    return ending;
  }

  #noteCounts(): void {
    const { running, done, failed } = this.counts;
    const text = `${done} done, ${failed} failed, ${running} running.`;
    if (done + failed + running > 0 && text !== this.#noted) this.#options.note(text, "progress");
    this.#noted = text;
  }

  #restIdle(): void {
    const { idleExitMs } = this.#options;
    if (idleExitMs === undefined || this.counts.running > 0 || this.#isEnding) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#end("idle"), idleExitMs);
  }
}
