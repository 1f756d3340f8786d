import { type Display, openDisplay } from "../../display/open-display.ts";
import type { Engine } from "../../engine/engine.ts";
import { MissingPeerError } from "../../errors/peer-errors.ts";
import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import { plan } from "../../pipeline/plan/plan.ts";
import { openJsonLines } from "../../runner/json-lines.ts";
import { run } from "../../runner/run.ts";
import type { RunListener } from "../../runner/run-options.ts";
import { ExitCode } from "../core/command-error.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { findModule } from "../module/load-module.ts";
import { resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";
import { parsePool } from "../text/parse-amounts.ts";
import { printPlan } from "./plan.ts";

interface RunFlags extends CommonFlags, TargetFlags {
  readonly jobs?: number | undefined;
  readonly keepGoing?: boolean | undefined;
  readonly retries?: number | undefined;
  readonly timeout?: number | undefined;
  readonly pool?: readonly string[] | undefined;
  readonly force?: boolean | undefined;
  readonly onSourceChange?: SourceChangePolicy | undefined;
  readonly dryRun?: boolean | undefined;
  readonly on?: string | undefined;
  readonly code?: string | undefined;
}

export async function runPipeline(session: Session, flags: RunFlags, ...args: readonly string[]): Promise<number> {
  const resolved = await resolveTargets(session, args, flags);
  if (resolved.kind === "handed-over") return resolved.exit;
  const { targets } = resolved;
  const force = flags.force === true ? targets : [];
  const { onSourceChange } = flags;
  if (flags.dryRun === true) {
    printPlan(session, await plan(targets, { force, onSourceChange }));
    return ExitCode.done;
  }
  const display = session.isJson || flags.quiet === true ? undefined : await openRunDisplay(session);
  const note = (text: string): void => (display === undefined ? session.note(text) : display.note(text));
  try {
    await run(targets, {
      on: flags.on === undefined ? undefined : await openEngine(flags.on, flags.code, args[0] ?? "", note),
      force,
      onSourceChange,
      concurrency: flags.jobs,
      retries: flags.retries,
      timeoutMs: flags.timeout,
      keepGoing: flags.keepGoing === true ? "independent" : "stop",
      pools: Object.fromEntries((flags.pool ?? []).map(parsePool)),
      keepPayloads: false,
      onEvent: listener(session, display),
    });
  } finally {
    display?.close();
  }
  if (!session.isJson) for (const { name, address } of targets) session.line(`${name}/${address}`);
  return ExitCode.done;
}

async function openEngine(
  url: string,
  code: string | undefined,
  module: string,
  onNote: (text: string) => void,
): Promise<Engine> {
  if (url === "embedded") {
    const { embedded } = await import("../../engine/embedded/embedded.ts");
    return embedded(findModule(module), { onNote });
  }
  const { bullmq } = await import("../../engine/bullmq/bullmq.ts");
  return bullmq(url, { code });
}

function listener(session: Session, display: Display | undefined): RunListener[] {
  if (display !== undefined) return [display.onEvent];
  return session.isJson ? [openJsonLines((line) => void session.streams.stdout.write(line)).onEvent] : [];
}

/** Lines that are redrawn need a library that may not be installed; plain lines need nothing. */
export async function openRunDisplay(session: Session): Promise<Display> {
  const { stderr } = session.streams;
  const color = session.hasColor(stderr);
  try {
    return await openDisplay({ stream: stderr, color });
  } catch (error) {
    if (!(error instanceof MissingPeerError)) throw error;
    return openDisplay({ stream: stderr, color, live: false });
  }
}
