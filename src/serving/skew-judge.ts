import type { JobEnding, ServedJob } from "../engine/engine.ts";
import { nameOfJob, parseMessage } from "../engine/job-message.ts";
import { errorToJson } from "../engine/json-error.ts";
import { VersionSkewError } from "../errors/worker-errors.ts";

/** After this many jobs that it could not build, a worker has other code than the run. */
const ENOUGH = 3;

/**
 * Decides about jobs that the definitions of a worker cannot build. Either the worker has other
 * code than the run, or no run has written the job: another program that reaches the queue must
 * not end one worker after the other with a few messages.
 */
export class SkewJudge {
  /** The names of the definitions that gave the addresses which jobs asked for. */
  readonly #built = new Set<string>();
  /** The ids of the jobs that were put back. */
  readonly #returned = new Set<string>();
  /** The ids of those whose definitions have never built anything here. */
  readonly #strange = new Set<string>();

  /** The addresses whose runs were told. */
  readonly #told = new Set<string>();

  noteBuilt({ data }: ServedJob): void {
    this.#built.add(nameOfJob(data));
  }

  /** Puts the job back for another worker. If the definition is right, it fails on its return. */
  judge({ id, data }: ServedJob, message: string): JobEnding {
    const isRight = this.#built.has(nameOfJob(data));
    if (isRight && this.#returned.delete(id))
      return { kind: "failed", error: errorToJson(new VersionSkewError(message), undefined), message };
    this.#returned.add(id);
    if (!isRight) this.#strange.add(id);
    return { kind: "returned" };
  }

  /** Tells the run of a job that this worker cannot do it, once for each address. */
  warn({ data, tell }: ServedJob, worker: string, message: string): void {
    const { address, name } = parseMessage(data) ?? {};
    if (address === undefined || name === undefined || this.#told.has(address)) return;
    this.#told.add(address);
    tell({ event: { type: "log", name, address, worker, lines: [{ level: "warn", message }] } });
  }

  /** Whether the worker has other code than the run. */
  get isCertain(): boolean {
    return this.#strange.size >= ENOUGH;
  }
}
