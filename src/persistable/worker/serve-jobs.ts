import { WorkerModuleError } from "../../errors/worker-errors.ts";
import type { Logger, LogLevel } from "../../events/logger.ts";
import { noteInput } from "../../util/digest/input-places.ts";
import { leaveWorkFolder } from "../../util/work-folder.ts";
import type { CallOptions } from "../context/call-context.ts";
import { GeneratorContext } from "../context/generate-context.ts";
import { runInScope } from "../context/generator-scope.ts";
import { continueLine } from "../context/wait-graph.ts";
import { withSourcePolicy } from "../context/work-source-policy.ts";
import type { State } from "../declare/state.ts";
import type { SurroundingsOptions } from "../declare/surroundings.ts";
import { asText, tryGet } from "../secrets/describe-thrown.ts";
import { secretsOfError } from "../secrets/redaction.ts";
import { carryError, restoreError } from "./carried-error.ts";
import { movePayload, type PayloadMove } from "./moved-payload.ts";
import { packSecrets, unpackFields } from "./packed-value.ts";
import { rebuildPersistable } from "./rebuild-persistable.ts";
import type { MessageToWorker, WorkerJob, WorkerNews, WorkerOutcome } from "./worker-message.ts";

type Tell = (news: WorkerNews) => void;
type Port = Pick<import("node:worker_threads").MessagePort, "on" | "postMessage">;

/** Does the jobs of the main thread, one after the other. */
export function serveJobs(): void {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  if (parentPort === null) throw new TypeError("serveJobs is for worker threads.");
  const port: Port = parentPort;
  let current: { readonly jobId: number; readonly controller: AbortController } | undefined;
  port.on("message", (message: MessageToWorker) => {
    if (message.kind === "abort") {
      if (current?.jobId === message.jobId) current.controller.abort(restoreError(message.reason));
      return;
    }
    const { jobId, job } = message;
    const controller = new AbortController();
    current = { jobId, controller };
    void doJob(job, controller.signal, (news) => port.postMessage({ jobId, ...news })).then(({ outcome, transfer }) =>
      postOutcome(port, jobId, outcome, transfer),
    );
  });
}

interface Finished {
  readonly outcome: WorkerOutcome;
  readonly transfer: readonly ArrayBuffer[];
}

async function doJob(job: WorkerJob, signal: AbortSignal, tell: Tell): Promise<Finished> {
  try {
    for (const [sha256, place] of job.inputs) noteInput(sha256, place);
    const state = await rebuildPersistable(job, surroundingsFor(job, tell));
    const untracked = unpackFields(job.untracked, []);
    return await withSourcePolicy(job.onSourceChange, () =>
      generate(state, new WorkerContext(state, { untracked, signal }, tell), job.line),
    );
  } catch (error) {
    return failed(error, signal);
  }
}

async function generate(state: State, context: WorkerContext, line: WorkerJob["line"]): Promise<Finished> {
  let move: PayloadMove;
  try {
    const call = async (): Promise<PayloadMove> =>
      movePayload(await state.hooks.generatePayload(context), state.format);
    move = await runInScope(context.scope, () => continueLine(line, call));
    // The payload's files are in the work folder: the main thread copies them into the store, and
    // then removes the folder.
    if (state.format.stored !== undefined) context.handOverFolder();
  } finally {
    await context.close();
  }
  const upstreamMs = state.dependencyStates.reduce((sum, { busyMs }) => sum + busyMs, 0);
  return { outcome: { kind: "done", moved: move.moved, taken: context.taken, upstreamMs }, transfer: move.transfer };
}

function failed(error: unknown, signal?: AbortSignal): Finished {
  const isReason = signal?.aborted === true && error === signal.reason;
  const isModuleProblem = error instanceof WorkerModuleError;
  const secrets = packSecrets(secretsOfError(error));
  return { outcome: { kind: "failed", error: carryError(error), secrets, isReason, isModuleProblem }, transfer: [] };
}

function postOutcome(port: Port, jobId: number, outcome: WorkerOutcome, transfer: readonly ArrayBuffer[]): void {
  try {
    port.postMessage({ jobId, ...outcome }, [...transfer]);
  } catch {
    try {
      // Some memory cannot be moved, for instance that of WebAssembly.
      port.postMessage({ jobId, ...outcome });
    } catch (error) {
      port.postMessage({ jobId, ...failed(error).outcome });
    }
  }
}

/**
 * Passes events and log lines of dependencies to the main thread if it has listeners for them.
 * Without any, this thread writes the lines to the log files itself, like any other process.
 */
function surroundingsFor({ isHeard, isLogged, isVerbose }: WorkerJob, tell: Tell): SurroundingsOptions {
  return {
    verbose: isVerbose && !isLogged,
    onEvent: isHeard ? (event) => tell({ kind: "event", event }) : undefined,
    logger: isLogged ? createTellingLogger("line", tell) : undefined,
  };
}

function createTellingLogger(kind: "log" | "line", tell: Tell): Logger {
  const write = (level: LogLevel) => (message: string, fields?: object) => {
    tell({ kind, level, message: asText(message), fields: cloneFields(fields) });
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/**
 * Clones the fields of a log line. Fields that cannot be cloned become text: a payload must not be
 * lost because of a log line.
 */
function cloneFields(fields: object | undefined): object {
  try {
    return structuredClone(fields ?? {});
  } catch {
    return Object.fromEntries(Object.keys(fields ?? {}).map((key) => [key, asText(tryGet(fields ?? {}, key))]));
  }
}

/**
 * Passes progress, cost and log lines of the generator to the main thread, which has the listeners
 * and writes the record.
 */
class WorkerContext extends GeneratorContext {
  readonly #tell: Tell;
  readonly #logger: Logger;
  #isOpen = true;
  #hasFolder = false;

  constructor(state: State, options: CallOptions, tell: Tell) {
    super(state, options);
    this.#tell = tell;
    this.#logger = createTellingLogger("log", tell);
  }

  override progress(done: number, total?: number, note?: string): void {
    if (!this.#isOpen || typeof done !== "number") return;
    const ofTotal = typeof total === "number" ? { total } : {};
    this.#tell({ kind: "progress", done, ...ofTotal, ...(typeof note === "string" ? { note } : {}) });
  }

  override cost(spent: Readonly<Record<string, number>>): void {
    // The amounts are checked on this thread, so that the generator gets the error.
    super.cost(spent);
    if (this.#isOpen) this.#tell({ kind: "cost", spent: { ...spent } });
  }

  override keep(isKept: boolean, why?: string): void {
    if (this.#isOpen) this.#tell({ kind: "keep", isKept, why });
  }

  override get log(): Logger {
    return this.#logger;
  }

  override get workDir(): string {
    const folder = super.workDir;
    // The main thread has to know the folder, since this thread may be stopped before it removes
    // it.
    if (!this.#hasFolder) this.#tell({ kind: "work-folder", folder });
    this.#hasFolder = true;
    return folder;
  }

  handOverFolder(): void {
    const folder = this.leaveFolder();
    if (folder !== undefined) leaveWorkFolder(folder);
  }

  override async close(): Promise<void> {
    this.#isOpen = false;
    await super.close();
  }
}
