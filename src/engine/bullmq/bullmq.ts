import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { Engine } from "../engine.ts";
import { shownUrl } from "./shown-url.ts";

/** How a run and its workers use BullMQ. */
export interface BullmqOptions {
  /**
   * A name for the code of the pipeline, instead of the digest of its modules. Runs and workers
   * with the same name share the work, whatever their code is.
   */
  readonly code?: string | undefined;
  /**
   * How long a run waits for a first worker, in milliseconds, before it fails; without it, the run
   * waits and warns after half a minute.
   */
  readonly workersWithinMs?: number | undefined;
  /**
   * How long the job of a killed worker may wait before another worker takes it, in milliseconds;
   * 30,000 by default.
   */
  readonly lockMs?: number | undefined;
}

const LOCK_MS = 30_000;

/**
 * Runs a pipeline on workers that take its nodes from a queue of BullMQ. Needs the package `bullmq`
 * and `ioredis` or `pg`.
 *
 * @param url - `redis://`, `rediss://` or `postgres://`
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * await run(study, { on: bullmq("redis://queue:6379"), retries: 2 });
 * // and on any number of machines: persistable worker study.ts --on redis://queue:6379
 * ```
 */
export function bullmq(url: string, { code, workersWithinMs, lockMs = LOCK_MS }: BullmqOptions = {}): Engine {
  if (!(lockMs >= 1000)) throw new InvalidRunOptionsError(`lockMs is ${lockMs}: it must be at least 1000.`);
  const warn = warnOnce(shownUrl(url));
  return {
    url: shownUrl(url),
    code,
    workersWithinMs,
    async connect(queue, listener) {
      const [{ openParts }, { BullmqLink }] = await loadPart(() =>
        Promise.all([import("./connection.ts"), import("./bullmq-link.ts")]),
      );
      return BullmqLink.open(await openParts(url), queue, listener, warn);
    },
    async serve(queue, options) {
      const [{ openParts }, { BullmqServer }] = await loadPart(() =>
        Promise.all([import("./connection.ts"), import("./bullmq-server.ts")]),
      );
      return BullmqServer.open(await openParts(url), queue, lockMs, options);
    },
  };
}

/**
 * Returns a listener that warns only once: the client connects again by itself, and reports each
 * attempt that fails.
 */
function warnOnce(url: string): (error: unknown) => void {
  let hasWarned = false;
  return () => {
    if (hasWarned) return;
    hasWarned = true;
    process.emitWarning(`The connection to the engine at ${url} was lost. It is opened again.`, "PersistableWarning");
  };
}
