import type { ArtifactRecord } from "../../record/record.ts";
import { withCatalog } from "./open-argument.ts";
import type { Session } from "./session.ts";

/** Tells whether a record is of an artifact that a query means; undefined without a query. */
export async function artifactsOf(
  session: Session,
  terms: readonly string[],
): Promise<((record: ArtifactRecord) => boolean) | undefined> {
  if (terms.length === 0) return undefined;
  const { artifacts } = await withCatalog(session, (catalog) => catalog.find(terms));
  const meant = new Set(artifacts.map(keyOf));
  return (record) => meant.has(keyOf(record));
}

/** Different names may have the same address. */
export function keyOf({ name, address }: Pick<ArtifactRecord, "name" | "address">): string {
  return `${name}/${address}`;
}
