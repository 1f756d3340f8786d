import { availableParallelism } from "node:os";
import { bullmq } from "../../engine/bullmq/bullmq.ts";
import { DEFAULT_DATA_DIR } from "../../persistable/declare/surroundings.ts";
import { generateForWorker } from "../../serving/generate-for-worker.ts";
import { serveWorker } from "../../serving/serve-worker.ts";
import { ownCommand } from "../../util/peers/own-folder.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { interruptible } from "../core/interruption.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { handOver } from "../module/hand-over.ts";
import { findModule, loadModule } from "../module/load-module.ts";

interface WorkerFlags extends CommonFlags {
  readonly on?: string | undefined;
  readonly slots?: number | undefined;
  readonly pools?: readonly string[] | undefined;
  readonly code?: string | undefined;
  readonly idleExit?: number | undefined;
  readonly lock?: number | undefined;
  readonly healthPort?: number | undefined;
}

export async function worker(session: Session, flags: WorkerFlags, moduleText: string): Promise<number> {
  const { on } = flags;
  if (on === undefined)
    throw new CommandError("Say where the queue is.", {
      hint: "persistable worker study.ts --on redis://127.0.0.1:6379",
    });
  if (on === "embedded")
    throw new CommandError("--on embedded is for run alone, which starts two workers and a server for itself.", {
      hint: "For a worker on this machine or another, start a server and name it: --on redis://127.0.0.1:6379",
    });
  const file = findModule(moduleText);
  const exit = await handOver(file, session);
  if (exit !== undefined) return exit;
  const end = await interruptible((draining) =>
    serveWorker({
      engine: bullmq(on, { code: flags.code, lockMs: flags.lock }),
      file,
      dataDir: session.dataDir ?? DEFAULT_DATA_DIR,
      slots: flags.slots ?? availableParallelism(),
      pools: flags.pools,
      idleExitMs: flags.idleExit,
      healthPort: flags.healthPort,
      command: [ownCommand(process.argv[1]), "__generate"],
      draining,
      note: (text) => session.note(text),
    }),
  );
  return end === "skewed" ? ExitCode.failed : ExitCode.done;
}

/** Serves the worker that has started this process. */
export function generate(): Promise<void> {
  return generateForWorker(loadModule);
}

/** Holds the server and the workers of the run that has started this process. */
export async function holdHost(): Promise<void> {
  const { holdEmbedded } = await import("../../serving/embedded/embedded-host.ts");
  await holdEmbedded(ownCommand(process.argv[1]));
}

/** Does the jobs of the server of the process that has started this one. */
export async function serveHost(): Promise<void> {
  const { serveForHost } = await import("../../serving/embedded/embedded-worker.ts");
  await serveForHost(ownCommand(process.argv[1]));
}
