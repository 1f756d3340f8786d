import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import { type Plan, plan } from "../../pipeline/plan/plan.ts";
import { ExitCode } from "../core/command-error.ts";
import { withProgress } from "../core/progress.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { resolveTargets, type TargetFlags } from "../targets/resolve-targets.ts";

interface PlanFlags extends CommonFlags, TargetFlags {
  readonly force?: boolean | undefined;
  readonly onSourceChange?: SourceChangePolicy | undefined;
  readonly exitCode?: boolean | undefined;
}

export async function planPipeline(session: Session, flags: PlanFlags, ...args: readonly string[]): Promise<number> {
  const resolved = await resolveTargets(session, args, flags);
  if (resolved.kind === "handed-over") return resolved.exit;
  const { targets } = resolved;
  const planned = await withProgress(session, "planning", () =>
    plan(targets, { force: flags.force === true ? targets : [], onSourceChange: flags.onSourceChange }),
  );
  printPlan(session, planned);
  const isWork = planned.counts.miss + planned.counts.blocked > 0;
  return isWork && flags.exitCode === true ? ExitCode.different : ExitCode.done;
}

/** A plan, as `plan` and `run --dry-run` print it. */
export function printPlan(session: Session, planned: Plan): void {
  if (session.isJson) session.json("plan", { ...planned.toJSON() });
  else session.lines(String(planned).split("\n"));
}
