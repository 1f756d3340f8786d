import type { Catalog } from "../../catalog/open/open-catalog.ts";
import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import { UnresolvedArtifactError } from "../../errors/artifact-errors.ts";
import { visibleText } from "../../errors/visible-text.ts";
import type { Store } from "../../store/store.ts";
import { notFound, unescaped } from "./asked.ts";
import type { CommandWriter } from "./commands.ts";

/** The part of a catalogue that also an exported page has. */
export type ArtifactSource = Pick<Catalog, "url" | "names" | "find" | "facets" | "resolve">;

/** The part of {@link ExploredStore} that also an exported page has: a graph needs no more. */
export interface ExploredLineage {
  readonly catalog: ArtifactSource & Pick<Catalog, "get" | "lineage">;
  readonly commands: CommandWriter;
}

/** Everything that answers are made from. */
export interface ExploredStore extends ExploredLineage {
  readonly store: Store;
  readonly catalog: Catalog;
  /** The data directory as the user has written it. */
  readonly shownAs: string;
  readonly startQuery: string;
  readonly version: string;
  /** The cursor of the newest change. */
  cursor(): string;
  /** Why the data directory cannot be read at the moment. */
  problem(): string | undefined;
}

/**
 * Finds an artifact by the digits of its address.
 *
 * @throws {@link RequestRefusal} if there is none, or several
 */
export async function findArtifact(source: Pick<ArtifactSource, "resolve">, digits: string): Promise<CatalogEntry> {
  try {
    return await source.resolve(digits);
  } catch (error) {
    if (error instanceof UnresolvedArtifactError) throw notFound(error.message);
    throw error;
  }
}

/**
 * Finds the name that a text means, which may be written with escapes.
 *
 * @throws {@link RequestRefusal} for a name without artifacts
 */
export async function findName(source: Pick<ArtifactSource, "names">, text: string): Promise<string> {
  const names = await source.names();
  const found = names.find((name) => name === text) ?? names.find((name) => visibleText(name) === text);
  if (found !== undefined) return found;
  throw notFound(`No artifact has the name ${JSON.stringify(unescaped(text))}.`, "Begin at the address /.");
}
