import { listNames } from "../../catalog/list-names.ts";
import { messageOf } from "../../errors/error-kind.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { dataDirOf } from "../core/open-argument.ts";
import { withProgress } from "../core/progress.ts";
import { recordsNamed } from "../core/records-named.ts";
import type { CommonFlags, Session } from "../core/session.ts";
import { didYouMean } from "../core/suggest.ts";
import { type AnyDefinition, findExport } from "../module/find-targets.ts";
import { handOver } from "../module/hand-over.ts";
import { findModule, loadModule } from "../module/load-module.ts";

interface RenameFlags extends CommonFlags {
  readonly exitCode?: boolean | undefined;
}

/** An artifact that a definition does not find under its new name. */
interface Lost {
  readonly address: string;
  readonly problem: string;
}

const MOST_SHOWN = 20;

/**
 * Explains how to rename a definition so that its artifacts are still found. With a module, it also
 * checks that they are. The artifacts, and everything made from them, keep their addresses, of
 * which the old name is a part.
 */
export async function rename(
  session: Session,
  flags: RenameFlags,
  from: string,
  to: string,
  moduleText?: string,
): Promise<number> {
  if (from === to) throw new CommandError("The new name is the old one.", { hint: "persistable rename OLD NEW" });
  const file = moduleText === undefined ? undefined : findModule(moduleText);
  const exit = file === undefined ? undefined : await handOver(file, session);
  if (exit !== undefined) return exit;
  const definition = file === undefined ? undefined : await findDefinition(file, moduleText ?? file, to);
  await checkName(session, from);
  const records = await withProgress(session, "reading records", () => recordsNamed(session, from));
  const lost =
    definition && (await withProgress(session, "looking", (tell) => findLost(session, definition, records, tell)));
  if (session.isJson)
    session.json("rename", {
      from,
      to,
      aliases: [from],
      artifacts: records.length,
      ...(lost === undefined ? {} : { lost }),
    });
  else if (lost === undefined) tellHow(session, from, to, records.length);
  else tellFound(session, `${to} of ${moduleText}`, from, records.length, lost);
  return lost !== undefined && lost.length > 0 && flags.exitCode === true ? ExitCode.different : ExitCode.done;
}

async function findDefinition(file: string, moduleText: string, name: string): Promise<AnyDefinition> {
  const exported = findExport(await loadModule(file), name, moduleText);
  if (exported.kind !== "definition")
    throw new CommandError(`${name} of ${moduleText} is not what definePersistable gave.`, {
      hint: "Only definitions can be tried. Classes take aliases in their declaration.",
    });
  const { payloadName } = exported.definition;
  if (payloadName === name) return exported.definition;
  throw new CommandError(`The payload of ${name} of ${moduleText} has the name ${payloadName}.`, {
    hint: `Write name: ${JSON.stringify(name)} in its definition first.`,
  });
}

async function checkName(session: Session, name: string): Promise<void> {
  const known = await collected(listNames(dataDirOf(session)));
  if (known.includes(name)) return;
  throw new CommandError(`Nothing in ${dataDirOf(session)} has the name ${name}.${didYouMean(name, known)}`, {
    hint: known.length === 0 ? "It has no artifacts." : `It has ${known.sort().join(", ")}.`,
  });
}

/** Builds each artifact again from the params in its record, as the user's code would. */
async function findLost(
  session: Session,
  definition: AnyDefinition,
  records: readonly ArtifactRecord[],
  tell: (far: string) => void,
): Promise<readonly Lost[]> {
  const lost: Lost[] = [];
  for (const [i, { address, params, draw }] of records.entries()) {
    tell(`${i} of ${records.length}`);
    try {
      const target = definition({ ...params }, { dataDir: dataDirOf(session), draw, verbose: false });
      if (!(await target.isPersisted())) lost.push({ address, problem: "is not found" });
    } catch (error) {
      lost.push({ address, problem: messageOf(error) });
    }
  }
  return lost;
}

function tellHow(session: Session, from: string, to: string, count: number): void {
  session.line(`${from} has ${count} ${count === 1 ? "artifact" : "artifacts"}. Write in its definition:`);
  session.line(`  name: ${JSON.stringify(to)}, aliases: [${JSON.stringify(from)}],`);
  session.note("Nothing is changed: each stays at its address, and is found under both names.");
  session.note(`Then see that all are found: persistable rename ${from} ${to} MODULE`);
}

function tellFound(session: Session, what: string, from: string, count: number, lost: readonly Lost[]): void {
  session.line(
    `${count - lost.length} of ${count} ${count === 1 ? "artifact" : "artifacts"} of ${from} are found by ${what}`,
  );
  for (const { address, problem } of lost.slice(0, MOST_SHOWN)) session.line(`  ${address.slice(0, 8)} ${problem}`);
  if (lost.length > MOST_SHOWN) session.line(`  … ${lost.length - MOST_SHOWN} more`);
  if (lost.length > 0) session.note(`Write aliases: [${JSON.stringify(from)}] in its definition, and keep its params.`);
}
