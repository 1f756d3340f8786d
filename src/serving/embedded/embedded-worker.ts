import { bullmq } from "../../engine/bullmq/bullmq.ts";
import type { WorkerOrder } from "../../engine/embedded/host-message.ts";
import { removeServer } from "../../engine/embedded/remove-server.ts";
import type { MessageOfChild } from "../../engine/embedded/when-ready.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { serveWorker } from "../serve-worker.ts";

/**
 * Does the jobs of the server of the host that has started this process, until the host ends.
 *
 * @param script - the script of the command of this package
 */
export async function serveForHost(script: string): Promise<void> {
  let order: WorkerOrder | undefined;
  process.on("disconnect", () => {
    if (order !== undefined) cleanUpAfter(order);
    process.exit(1);
  });
  order = await new Promise<WorkerOrder>((resolve) => process.once("message", resolve));
  const { url, code, lockMs, file, dataDir, slots } = order;
  try {
    await serveWorker({
      engine: bullmq(url, { code, lockMs }),
      file,
      dataDir,
      slots,
      pools: undefined,
      idleExitMs: undefined,
      healthPort: undefined,
      command: [script, "__generate"],
      draining: new AbortController().signal,
      note(text, about) {
        if (about === "ready") tell({ kind: "ready" });
        else if (about === "problem") tell({ kind: "note", text });
      },
    });
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
  }
}

/** A run that lives starts another host within this time. */
const RUN_ENDS_MS = 2000;
const LOOK_MS = 100;

/**
 * The host was killed. If the run is, too, only its workers can end the server. Nothing else
 * happens in this process meanwhile, so that it takes no job.
 */
function cleanUpAfter({ run, folder }: WorkerOrder): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs <= RUN_ENDS_MS; waitedMs += LOOK_MS) {
    try {
      process.kill(run, 0);
    } catch {
      removeServer(folder);
      return;
    }
    Atomics.wait(clock, 0, 0, LOOK_MS);
  }
}

function tell(message: MessageOfChild): void {
  process.send?.(message);
}
