import type { RecipeNode } from "../../address/recipe-node.ts";
import { Untracked } from "../../params/untracked.ts";
import { CutLineage } from "../../record/cut-lineage.ts";
import { decodeParamsTree } from "../../record/decode-params-tree.ts";
import { encodeParamsTree } from "../../record/encode-params-tree.ts";
import type { ArtifactRecord, RecordDependency } from "../../record/record.ts";
import { fieldsOf } from "../../util/fields-of.ts";

/** The recipe of one persistable in a lineage. */
export interface RecordedPart {
  readonly name: string;
  readonly version: string | number | undefined;
  readonly draw: number;
  /** Its own params, without those that are outside the recipe. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, RecordDependency>>;
  readonly address: string;
  /** The params tree that it was taken from, with those of its dependencies. */
  readonly tree: Readonly<Record<string, unknown>>;
}

/** The recipe of the artifact itself, from its record. */
export function partOf(record: ArtifactRecord): RecordedPart {
  return partFrom(record, record.params, record.untrackedParams);
}

/**
 * The recipe as a record of this persistable would have it, whether or not there is a record. The
 * lineage is cut where a record cuts it.
 */
export function partOfNode(node: RecipeNode): RecordedPart {
  const encoded = encodeParamsTree(node);
  const { params, dependencies, untrackedParams } = decodeParamsTree(
    encoded.params,
    encoded.dependencies,
    node.classes,
  );
  const { name, version, draw, address } = node;
  return partFrom(
    { name, ...(version === undefined ? {} : { version }), draw, address, dependencies },
    params,
    untrackedParams,
  );
}

/** The part under a role; undefined if there is none, or if the record cut its lineage there. */
export function partUnder(part: RecordedPart, role: string): RecordedPart | undefined {
  const dependency = dependencyUnder(part, role);
  const tree = Object.hasOwn(part.tree, role) ? part.tree[role] : undefined;
  if (dependency === undefined || typeof tree !== "object" || tree === null || tree instanceof CutLineage)
    return undefined;
  return partFrom(dependency, fieldsOf(tree), []);
}

/** The dependency under a role; undefined if there is none. */
export function dependencyUnder({ dependencies }: RecordedPart, role: string): RecordDependency | undefined {
  return Object.hasOwn(dependencies, role) ? dependencies[role] : undefined;
}

function partFrom(
  head: RecordDependency,
  tree: Readonly<Record<string, unknown>>,
  untrackedParams: readonly string[],
): RecordedPart {
  const { name, version, draw = 0, dependencies = {}, address } = head;
  const isOwn = ([key, value]: [string, unknown]): boolean =>
    !Object.hasOwn(dependencies, key) && !untrackedParams.includes(key) && !(value instanceof Untracked);
  const params = Object.fromEntries(Object.entries(tree).filter(isOwn));
  return { name, version, draw, dependencies, address, params, tree };
}
