import { bullmq } from "../../engine/bullmq/bullmq.ts";
import type { WorkerOrder } from "../../engine/embedded/host-message.ts";
import type { MessageOfChild } from "../../engine/embedded/when-ready.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { serveWorker } from "../serve-worker.ts";

/**
 * Does the jobs of the server of the host that has started this process, until the host ends.
 *
 * @param script - the script of the command of this package
 */
export async function serveForHost(script: string): Promise<void> {
  process.on("disconnect", () => process.exit(1));
  const order = await new Promise<WorkerOrder>((resolve) => process.once("message", resolve));
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

function tell(message: MessageOfChild): void {
  process.send?.(message);
}
