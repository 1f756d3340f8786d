import { decodeTagged } from "../canonical/decode-tagged.ts";
import { messageOf } from "../errors/error-kind.ts";
import { VersionSkewError } from "../errors/worker-errors.ts";
import { secret } from "../params/secret.ts";
import { Untracked } from "../params/untracked.ts";
import { type State, stateKey } from "../persistable/declare/state.ts";
import type { SurroundingsOptions } from "../persistable/declare/surroundings.ts";
import { codecsOf, type Maker, make, type Rebuilt } from "../persistable/worker/makers.ts";
import type { RecipeRow } from "./recipe-row.ts";
import type { Registry } from "./registry.ts";

/**
 * Builds the persistable of the last row, and everything upstream of it, from the definitions of
 * this process.
 *
 * @param rows - upstream first
 * @throws {@link VersionSkewError} if a definition is missing here, or gives another address
 */
export function rebuildRecipe(
  rows: readonly RecipeRow[],
  registry: Registry,
  surroundings: SurroundingsOptions,
): State {
  const built = new Map<string, Rebuilt>();
  let last: Rebuilt | undefined;
  for (const row of rows) {
    last = build(row, registry, built, surroundings);
    built.set(row.address, last);
  }
  if (last === undefined) throw new TypeError("A recipe has at least one row.");
  return last[stateKey];
}

function build(
  row: RecipeRow,
  registry: Registry,
  built: ReadonlyMap<string, Rebuilt>,
  surroundings: SurroundingsOptions,
): Rebuilt {
  const makers = registry.get(row.name);
  if (makers === undefined)
    throw new VersionSkewError(
      `This worker has no definition of ${row.name}. Export it from the module that the worker was started with.`,
    );
  const roles = Object.entries(row.roles ?? {});
  const dependencies = Object.fromEntries(roles.map(([role, address]) => [role, built.get(address)]));
  let problem = "";
  for (const maker of makers) {
    try {
      const rebuilt = make(maker, paramsOf(row, maker), dependencies, { ...surroundings, draw: row.draw ?? 0 });
      if (stateKey in rebuilt && rebuilt.address === row.address) return rebuilt;
    } catch (error) {
      problem = ` (${messageOf(error)})`;
    }
  }
  throw new VersionSkewError(
    `This worker has another definition of ${row.name}: the same params give another address there${problem}. ` +
      "Start the worker with the code of the run.",
  );
}

function paramsOf(row: RecipeRow, maker: Maker): Record<string, unknown> {
  const classes = codecsOf(maker);
  const params: Record<string, unknown> = {};
  for (const [key, json] of Object.entries(row.params)) params[key] = decodeTagged(json, { classes });
  for (const [key, json] of Object.entries(row.untracked ?? {}))
    params[key] = new Untracked(decodeTagged(json, { classes }));
  for (const [key, variable] of Object.entries(row.secrets ?? {})) params[key] = secret.env(variable);
  return params;
}
