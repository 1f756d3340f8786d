import { availableParallelism } from "node:os";
import type { Engine } from "../engine/engine.ts";
import { fileOfPipeline } from "../engine/pipeline-module.ts";
import { DEFAULT_DATA_DIR } from "../persistable/declare/surroundings.ts";
import { loadPart } from "../util/peers/load-part.ts";
import { ownCommand } from "../util/peers/own-folder.ts";
import type { WorkerEnd } from "./serve-worker.ts";

/** How a program is a worker. */
export interface RunWorkerOptions {
  /** By default that of the environment, PERSISTABLE_DATA_DIR, or `persistable-data`. */
  readonly dataDir?: string | undefined;
  /** How many payloads are generated at a time, each in a process; as many as processors. */
  readonly slots?: number | undefined;
  /** The pools whose nodes it takes; by default those of all definitions and nodes without one. */
  readonly pools?: readonly string[] | undefined;
  /** The worker ends after it had nothing to do for this long. */
  readonly idleExitMs?: number | undefined;
  /** Aborted when the worker is to finish what it does, and to take nothing else. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what the worker has to say, a sentence at a time. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/**
 * Makes this process a worker of an engine: what `persistable worker` does, for an engine that the
 * command does not know.
 *
 * @param module - the module that exports the definitions. It is not the script that was started.
 * @returns why the worker has ended; `skewed` says that it has other code than the run
 * @throws {@link EngineUnreachableError}; Error if the module cannot be imported
 *
 * @example
 * ```ts
 * import { runWorker } from "persistable-ts/engine";
 * import { bullmq } from "persistable-ts/engines/bullmq";
 *
 * await runWorker(bullmq("redis://queue:6379"), new URL("study.js", import.meta.url), { slots: 8 });
 * ```
 */
export async function runWorker(
  engine: Engine,
  module: string | URL,
  { dataDir, slots, pools, idleExitMs, signal, onNote = () => {} }: RunWorkerOptions = {},
): Promise<WorkerEnd> {
  const { serveWorker } = await loadPart(() => import("./serve-worker.ts"));
  return serveWorker({
    engine,
    file: fileOfPipeline(module),
    dataDir: dataDir ?? process.env.PERSISTABLE_DATA_DIR ?? DEFAULT_DATA_DIR,
    slots: slots ?? availableParallelism(),
    pools,
    idleExitMs,
    healthPort: undefined,
    command: [ownCommand(), "__generate"],
    draining: signal ?? new AbortController().signal,
    note: onNote,
  });
}
