import { collectArtifacts } from "../../../housekeeping/collect-artifacts.ts";
import type { CollectionPlan } from "../../../housekeeping/collection-plan.ts";
import { ExitCode } from "../../core/command-error.ts";
import { dataDirOf } from "../../core/open-argument.ts";
import { withProgress } from "../../core/progress.ts";
import type { Session } from "../../core/session.ts";
import { describeAmount, describeDecision, describeKept, removalLines } from "../../text/collection-lines.ts";

/** Shows what a plan would remove, or removes it: the end of `gc` and of `rm`. */
export async function finishCollection(session: Session, plan: CollectionPlan, isMeant: boolean): Promise<number> {
  const removed = plan.decisions.filter(({ action }) => action === "remove");
  if (!isMeant || removed.length === 0) {
    if (session.isJson) session.json("collection", { isDone: isMeant, ...plan });
    else if (removed.length === 0) session.note("There is nothing to remove.");
    else {
      session.line(`would remove ${describeAmount(plan.removes, removed)}`);
      for (const line of await removalLines(removed)) session.line(`  ${line}`);
      session.note("Nothing is removed yet: --yes removes it.");
    }
    if (!session.isJson) await tellKept(session, plan);
    return ExitCode.done;
  }
  const { skipped, ...result } = await withProgress(session, "removing", () =>
    collectArtifacts(dataDirOf(session), plan),
  );
  if (session.isJson) session.json("collection", { isDone: true, store: plan.store, ...result, skipped });
  else {
    const artifacts = result.removed.filter(({ kind }) => kind === "artifact").length;
    session.line(`removed ${describeAmount({ ...result, artifacts, durationMs: 0 }, result.removed)}`);
    for (const { decision, why } of skipped) session.line(`  kept ${describeDecision(decision)}: ${why}`);
  }
  return skipped.length > 0 ? ExitCode.partly : ExitCode.done;
}

async function tellKept(session: Session, { decisions }: CollectionPlan): Promise<void> {
  const kept = decisions.filter(({ action }) => action === "keep");
  if (kept.length === 0) return;
  session.line(`kept ${describeKept(kept)}`);
  if (session.flags.verbose === true) for (const line of await removalLines(kept)) session.line(`  ${line}`);
}
