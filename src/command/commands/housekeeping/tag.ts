import { describeAgeOf } from "../../../artifact/explain/describe-record.ts";
import type { Tag } from "../../../catalog/tag-file.ts";
import { listTags, pinArtifact, tagArtifact, unpinArtifact, untagArtifact } from "../../../housekeeping/tags.ts";
import { CommandError, ExitCode } from "../../core/command-error.ts";
import { dataDirOf, resolveArgument, splitTag, unknownTag, withCatalog } from "../../core/open-argument.ts";
import type { CommonFlags, Session } from "../../core/session.ts";
import { tableLines } from "../../text/table-lines.ts";

/** Gives an artifact a tag; without arguments, lists tags and pins. */
export async function tag(session: Session, _flags: CommonFlags, ...args: readonly string[]): Promise<number> {
  const [artifact, text, third] = args;
  if (artifact === undefined) return printTags(session, await listTags(dataDirOf(session)));
  if (text === undefined || third !== undefined)
    throw new CommandError("Name an artifact and one tag.", { hint: "persistable tag estimator@latest paper" });
  return printTags(session, [await tagArtifact(dataDirOf(session), await pathOf(session, artifact), text)]);
}

export async function untag(session: Session, _flags: CommonFlags, text: string): Promise<number> {
  const meant = splitTag(text);
  if (meant === undefined)
    throw new CommandError(`${JSON.stringify(text)} is not a name with a tag.`, { hint: "Write estimator@paper." });
  const tags = await listTags(dataDirOf(session), { name: meant.name });
  if (!(await untagArtifact(dataDirOf(session), meant.name, meant.tag)))
    throw unknownTag(
      meant,
      tags.flatMap((one) => one.tag ?? []),
    );
  return tell(session, `${text} is not tagged any more.`);
}

export async function pin(session: Session, _flags: CommonFlags, artifact: string): Promise<number> {
  return printTags(session, [await pinArtifact(dataDirOf(session), await pathOf(session, artifact))]);
}

export async function unpin(session: Session, _flags: CommonFlags, artifact: string): Promise<number> {
  // An artifact that is gone has no path, and may still be pinned.
  const path = /[@{]/.test(artifact) ? await pathOf(session, artifact) : artifact;
  if (!(await unpinArtifact(dataDirOf(session), path)))
    throw new CommandError(`${artifact} is not pinned.`, { hint: "persistable tag lists all tags and pins." });
  return tell(session, `${artifact} is not pinned any more.`);
}

/** Prints the text, or with `--json` the tags and pins that exist now. */
async function tell(session: Session, text: string): Promise<number> {
  if (session.isJson) return printTags(session, await listTags(dataDirOf(session)));
  session.note(text);
  return ExitCode.done;
}

async function pathOf(session: Session, artifact: string): Promise<string> {
  const { name, address } = await withCatalog(session, (catalog) => resolveArgument(session, catalog, artifact));
  return `${name}/${address}`;
}

async function printTags(session: Session, tags: readonly Tag[]): Promise<number> {
  if (session.isJson) session.json("tags", { tags });
  else if (tags.length === 0) session.note("There are no tags and no pins.");
  else {
    const rows = tags.map((one) => [
      one.tag === undefined ? `${one.name} (pinned)` : `${one.name}@${one.tag}`,
      one.address.slice(0, 8),
      describeAgeOf(one.createdAt),
    ]);
    session.lines((await tableLines(["", "", ""], rows, 120)).slice(1));
  }
  return ExitCode.done;
}
