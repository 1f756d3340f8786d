import { type Catalog, openCatalog } from "../../catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import type { OpenedArtifact } from "../../inspect/open-artifact.ts";
import { DEFAULT_DATA_DIR } from "../../persistable/declare/surroundings.ts";
import { CommandError } from "./command-error.ts";
import type { Session } from "./session.ts";
import { didYouMean } from "./suggest.ts";

/** Opens the artifact that an argument of a command means: see `persistable help artifacts`. */
export async function openArgument(session: Session, text: string): Promise<OpenedArtifact> {
  const { name, address } = await withCatalog(session, (catalog) => resolveArgument(session, catalog, text));
  const { openArtifact } = await import("../../inspect/open-artifact.ts");
  return openArtifact(dataDirOf(session), `${name}/${address}`);
}

/** Returns the entry that an argument means in the catalogue. It may be a note of a failure. */
export async function resolveArgument(session: Session, catalog: Catalog, text: string): Promise<CatalogEntry> {
  return catalog.resolve((await addressOfTag(session, text)) ?? text);
}

/** Opens the catalogue of the data directory for some work, and closes it after that. */
export async function withCatalog<Value>(session: Session, work: (catalog: Catalog) => Promise<Value>): Promise<Value> {
  const catalog = openCatalog(dataDirOf(session));
  try {
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

/** The place where a command looks for artifacts. */
export function dataDirOf(session: Session): string {
  return session.dataDir ?? DEFAULT_DATA_DIR;
}

/** The name and the tag of `estimator@paper`; `estimator@latest` has no tag. */
export function splitTag(text: string): { readonly name: string; readonly tag: string } | undefined {
  const [, name, tag] = text.match(/^(.+)@([^@/{}]+)$/s) ?? [];
  return name === undefined || tag === undefined || tag === "latest" ? undefined : { name, tag };
}

/** Finds the artifact that has the tag in a text; `undefined` if the text names no tag. */
async function addressOfTag(session: Session, text: string): Promise<string | undefined> {
  const meant = splitTag(text);
  if (meant === undefined) return undefined;
  const { listTags } = await import("../../housekeeping/tags.ts");
  const tags = await listTags(dataDirOf(session), { name: meant.name });
  const found = tags.find(({ tag }) => tag === meant.tag);
  if (found !== undefined) return `${found.name}/${found.address}`;
  if (tags.length === 0) return undefined;
  throw unknownTag(
    meant,
    tags.flatMap(({ tag }) => tag ?? []),
  );
}

/** No artifact of the name has the tag. */
export function unknownTag(
  { name, tag }: { readonly name: string; readonly tag: string },
  known: readonly string[],
): CommandError {
  return new CommandError(`No artifact of ${name} has the tag ${tag}.${didYouMean(tag, known)}`, {
    hint: "persistable tag lists all tags.",
  });
}
