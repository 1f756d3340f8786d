import { type ChildProcess, fork } from "node:child_process";
import type { JobEnding, ServedJob } from "../engine/engine.ts";
import { nameOfJob } from "../engine/job-message.ts";
import { errorToJson } from "../engine/json-error.ts";
import { WorkerLostError } from "../errors/worker-errors.ts";
import { onAbort } from "../util/concurrency/on-abort.ts";
import type { MessageOfChild, MessageToChild } from "./child-message.ts";

/** How a worker starts the processes that generate for it. */
export interface ProcessOptions {
  /** The script, and its arguments, that calls `generateForWorker`. */
  readonly command: readonly [script: string, ...args: readonly string[]];
  /** The module of the pipeline. */
  readonly file: string;
  readonly dataDir: string;
  readonly worker: string;
  /** Says how a job ends that the definitions of the process cannot build. */
  readonly onSkew: (job: ServedJob, message: string) => JobEnding;
}

/** How long a generator that was aborted may take before its process is killed. */
const GRACE_MS = 5000;

/**
 * One place of a worker: a process that generates one payload at a time. It is started when it is
 * needed, and again after it has ended.
 */
export class GeneratingProcess {
  readonly #options: ProcessOptions;
  #child: Promise<ChildProcess> | undefined;
  #pools: readonly string[] = [];

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** The pools of the definitions of the module, once it was imported. */
  get pools(): readonly string[] {
    return this.#pools;
  }

  /**
   * Starts the process, and waits until it has imported the module.
   *
   * @throws Error if the module cannot be imported
   */
  async start(): Promise<ChildProcess> {
    this.#child ??= this.#fork();
    try {
      return await this.#child;
    } catch (error) {
      this.#child = undefined;
      throw error;
    }
  }

  /** Does one job. Never rejects, unless the module cannot be imported. */
  async run(job: ServedJob): Promise<JobEnding> {
    const child = await this.start();
    // To start the process takes a while, and what is told before a job begins is lost.
    if (job.signal.aborted) return { kind: "failed", error: { cancelled: true }, message: "The run has cancelled it." };
    return new Promise<JobEnding>((resolve) => {
      let killer: NodeJS.Timeout | undefined;
      const stopListening = onAbort(job.signal, () => {
        send(child, { kind: "abort" });
        killer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      });
      const end = (ending: JobEnding): void => {
        clearTimeout(killer);
        stopListening();
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(ending);
      };
      const onMessage = (message: MessageOfChild): void => {
        if (message.kind === "event") job.tell({ event: message.event });
        else if (message.kind === "ended") end(message.ending);
        else if (message.kind === "skewed") end(this.#options.onSkew(job, message.message));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        this.#child = undefined;
        end(lostEnding(job, signal ?? `exit code ${code}`));
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
      else send(child, { kind: "run", data: job.data, losses: job.losses ?? 0 });
    });
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    const child = await this.#child?.catch(() => undefined);
    child?.kill("SIGKILL");
  }

  #fork(): Promise<ChildProcess> {
    const { command, file, dataDir, worker } = this.#options;
    const [script, ...args] = command;
    const child = fork(script, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`A process that generates has ended with exit code ${code} before its first payload.`));
      child.once("error", reject);
      child.once("exit", onExit);
      child.once("message", (message: MessageOfChild) => {
        child.off("exit", onExit);
        if (message.kind === "ready") {
          this.#pools = message.pools;
          resolve(child);
        } else {
          child.kill("SIGKILL");
          reject(new Error(message.kind === "unready" ? message.message : "The process did not get ready."));
        }
      });
      child.once("exit", () => {
        this.#child = undefined;
      });
      send(child, { kind: "begin", file, dataDir, worker });
    });
  }
}

function lostEnding({ data, signal }: ServedJob, how: string): JobEnding {
  const error = new WorkerLostError(nameOfJob(data), how);
  const json = errorToJson(error, undefined);
  return { kind: "failed", error: signal.aborted ? { ...json, cancelled: true } : json, message: error.message };
}

function send(child: ChildProcess, message: MessageToChild): void {
  // Sending may fail because the process has ended. The listener for its exit handles that.
  child.send(message, () => {});
}
