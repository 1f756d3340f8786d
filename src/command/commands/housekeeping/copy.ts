import { existsSync } from "node:fs";
import { exportArtifacts } from "../../../housekeeping/archive/export-artifacts.ts";
import { importArtifacts } from "../../../housekeeping/archive/import-artifacts.ts";
import type { CopyArtifactsOptions } from "../../../housekeeping/artifacts-to-copy.ts";
import type { CopiedArtifact, CopyReport } from "../../../housekeeping/copied-artifact.ts";
import { copyArtifacts } from "../../../housekeeping/copy-artifacts.ts";
import { CommandError, ExitCode } from "../../core/command-error.ts";
import { interruptible } from "../../core/interruption.ts";
import { dataDirOf } from "../../core/open-argument.ts";
import { withProgress } from "../../core/progress.ts";
import type { CommonFlags, Session } from "../../core/session.ts";

interface ImportFlags extends CommonFlags {
  readonly tags?: boolean | undefined;
}

interface CopyFlags extends ImportFlags {
  readonly withUpstream?: boolean | undefined;
}

/** Copies artifacts from one data directory into another one. */
export async function copy(session: Session, flags: CopyFlags, ...args: readonly string[]): Promise<number> {
  const [from, to, ...terms] = args;
  if (from === undefined || to === undefined)
    throw new CommandError("Name two data directories.", {
      hint: "persistable copy persistable-data s3://bucket/study",
    });
  return transfer(session, flags, { from, to }, (options) => copyArtifacts(from, to, { ...options, query: terms }));
}

/** Writes artifacts of the data directory into one file. */
export async function exportToFile(session: Session, flags: CopyFlags, ...args: readonly string[]): Promise<number> {
  const [file, ...terms] = args;
  if (file === undefined)
    throw new CommandError("Name the file to write.", { hint: "persistable export study.tar report" });
  if (existsSync(file))
    throw new CommandError(`${file} is there already.`, { hint: "Name another file, or remove this one." });
  const from = dataDirOf(session);
  return transfer(session, flags, { from, to: file }, (options) =>
    exportArtifacts(from, file, { ...options, query: terms }),
  );
}

/** Copies the artifacts of an exported file into the data directory. */
export async function importFromFile(session: Session, flags: ImportFlags, file: string): Promise<number> {
  if (!existsSync(file))
    throw new CommandError(`There is no file ${file}.`, { hint: "Name a file that persistable export has written." });
  const to = dataDirOf(session);
  return transfer(session, flags, { from: file, to }, (options) => importArtifacts(file, to, options));
}

interface Places {
  readonly from: string;
  readonly to: string;
}

async function transfer(
  session: Session,
  { withUpstream, tags }: CopyFlags,
  places: Places,
  work: (options: Omit<CopyArtifactsOptions, "query" | "where">) => Promise<CopyReport>,
): Promise<number> {
  const report = await withProgress(session, "copying", (tell) =>
    interruptible((signal) =>
      work({ withUpstream, withTags: tags, signal, onProgress: ({ done, total }) => tell(`${done} of ${total}`) }),
    ),
  );
  if (session.isJson) session.json("copy", { ...places, ...report });
  else for (const line of linesOf(report)) session.line(line);
  if (report.problems.some(({ outcome }) => outcome === "damaged")) return ExitCode.damaged;
  return report.problems.length > 0 ? ExitCode.partly : ExitCode.done;
}

function linesOf({ copied, present, tags, problems }: CopyReport): readonly string[] {
  const parts = [
    `${copied} ${copied === 1 ? "artifact was" : "artifacts were"} copied`,
    present === 0 ? "" : `${present} ${present === 1 ? "was" : "were"} there already`,
    tags === 0 ? "" : `${tags} ${tags === 1 ? "tag or pin" : "tags and pins"} came with them`,
  ];
  return [parts.filter((part) => part !== "").join(", "), ...problems.map((problem) => `  ${describe(problem)}`)];
}

function describe({ outcome, path, problem = "" }: CopiedArtifact): string {
  const short = path.replace(/^(\.persistable\/)?(.*?)\.json$/, "$2").replace(/(?<=\/[0-9a-f]{8})[0-9a-f]{56}$/, "");
  return `${outcome} ${short}: ${problem}`;
}
