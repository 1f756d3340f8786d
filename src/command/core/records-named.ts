import { listRecords } from "../../catalog/entries/list-records.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { dataDirOf } from "./open-argument.ts";
import type { Session } from "./session.ts";

/** The records of a name that can be read. */
export async function recordsNamed(session: Session, name: string): Promise<readonly ArtifactRecord[]> {
  const found = await collected(listRecords(dataDirOf(session), name));
  return found.filter((one): one is ArtifactRecord => !("problem" in one));
}
