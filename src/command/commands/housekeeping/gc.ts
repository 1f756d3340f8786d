import { planCollection } from "../../../housekeeping/plan-collection.ts";
import { CommandError } from "../../core/command-error.ts";
import { dataDirOf } from "../../core/open-argument.ts";
import { withProgress } from "../../core/progress.ts";
import type { CommonFlags, Session } from "../../core/session.ts";
import { finishCollection } from "./finish-collection.ts";

interface GcFlags extends CommonFlags {
  readonly keepLast?: number | undefined;
  readonly olderThan?: number | undefined;
  readonly unusedSince?: number | undefined;
  readonly maxSize?: number | undefined;
  readonly orphans?: boolean | undefined;
  readonly quarantine?: number | undefined;
  readonly yes?: boolean | undefined;
}

export async function gc(session: Session, flags: GcFlags, ...terms: readonly string[]): Promise<number> {
  const { keepLast, olderThan, unusedSince, maxSize, orphans, quarantine } = flags;
  const ofArtifacts = [keepLast, olderThan, unusedSince, maxSize];
  const isAboutArtifacts = ofArtifacts.some((condition) => condition !== undefined);
  if (!isAboutArtifacts && (terms.length > 0 || (orphans !== true && quarantine === undefined)))
    throw new CommandError("Say what may be removed.", {
      hint: "persistable gc --older-than 30d, for instance; every condition that is given has to be met. rm removes single artifacts.",
    });
  const plan = await withProgress(session, "planning", () =>
    planCollection(dataDirOf(session), {
      query: terms.length === 0 ? undefined : terms,
      keepLast,
      olderThanMs: olderThan,
      unusedForMs: unusedSince,
      maxBytes: maxSize,
      orphans,
      temporary: orphans,
      quarantineOlderThanMs: quarantine,
    }),
  );
  return finishCollection(session, plan, flags.yes === true);
}
