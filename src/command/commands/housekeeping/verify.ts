import type { VerifiedArtifact } from "../../../housekeeping/verified-artifact.ts";
import { verifyArtifacts } from "../../../housekeeping/verify-artifacts.ts";
import { ExitCode } from "../../core/command-error.ts";
import { dataDirOf } from "../../core/open-argument.ts";
import { withProgress } from "../../core/progress.ts";
import type { CommonFlags, Session } from "../../core/session.ts";

interface VerifyFlags extends CommonFlags {
  readonly sample?: number | undefined;
  readonly repair?: boolean | undefined;
}

export async function verify(session: Session, flags: VerifyFlags, ...terms: readonly string[]): Promise<number> {
  const { sample, repair } = flags;
  const report = await withProgress(session, "verifying", () =>
    verifyArtifacts(dataDirOf(session), { sample, repair, query: terms }),
  );
  const { verified, intact, problems } = report;
  if (session.isJson) session.json("verification", { ...report });
  else {
    session.line(`${verified} ${verified === 1 ? "artifact was" : "artifacts were"} verified: ${intact} intact`);
    for (const problem of problems) session.line(`  ${describe(problem)}`);
  }
  if (problems.some(({ state, repaired }) => state === "damaged" && repaired === undefined)) return ExitCode.damaged;
  return problems.some(({ state }) => state !== "damaged") ? ExitCode.partly : ExitCode.done;
}

function describe({ state, name, address, damaged, repaired }: VerifiedArtifact): string {
  const problems = damaged.map(({ path, problem }) => `${path}: ${problem}`).join("; ");
  return `${state} ${name} ${address.slice(0, 8)}  ${problems}${repaired === undefined ? "" : ` (${DONE[repaired]})`}`;
}

const DONE = {
  "set-aside": "set aside: it is generated again when it is needed",
  healed: "replaced by the whole copy of the other store",
} as const;
