import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import type { ArtifactCommands } from "../shapes/artifact-shapes.ts";
import { allValuesOf } from "./artifact-row.ts";
import { pathOf } from "./asked.ts";
import { type CommandWriter, literal } from "./commands.ts";
import { nameTerm, termOf } from "./terms.ts";

/** The definition is called like its name, as far as anyone can tell from a record. */
export function artifactCommands(commands: CommandWriter, entry: CatalogEntry): ArtifactCommands {
  const path = pathOf(entry);
  const short = `${entry.name}/${entry.address.slice(0, 12)}`;
  const definition = /^[A-Za-z_$][\w$]*$/.test(entry.name) ? entry.name : "definition";
  return {
    ...commands.commands(
      ["show", short],
      (dataDir) => `${definition}(${literal(entry.params)}, { dataDir: ${dataDir} })`,
    ),
    cat: commands.shell("cat", short),
    why: commands.shell("why", short),
    graph: commands.shell("graph", short),
    open: commands.commands([], (dataDir) => `await openArtifact(${dataDir}, ${literal(path)});`).typescript,
    find: commands.shell(
      "ls",
      nameTerm(entry.name),
      ...[...allValuesOf({ ...entry, summary: {}, cost: {} })].map(([field, value]) => termOf(field, value)),
    ),
  };
}
