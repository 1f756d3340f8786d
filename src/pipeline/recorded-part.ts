import type { ArtifactRecord, RecordDependency } from "../record/record.ts";

/** The recipe of one persistable in a lineage. */
export interface RecordedPart {
  readonly name: string;
  readonly version: string | number | undefined;
  readonly draw: number;
  /** Own params, without what is outside the recipe. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, RecordDependency>>;
  readonly address: string;
}

/** A record's own part of its recipe. */
export function partOf(record: ArtifactRecord): RecordedPart {
  const { name, version, draw = 0, dependencies, address } = record;
  const left = new Set([...record.untrackedParams, ...Object.keys(dependencies)]);
  return { name, version, draw, dependencies, address, params: without(record.params, left) };
}

/** The part under a role; undefined where the lineage was cut above it. */
export function partUnder(
  tree: unknown,
  dependency: RecordDependency,
): { part: RecordedPart; tree: unknown } | undefined {
  if (typeof tree !== "object" || tree === null) return undefined;
  const { name, version, draw = 0, dependencies = {}, address } = dependency;
  const params = without(tree as Readonly<Record<string, unknown>>, new Set(Object.keys(dependencies)));
  return { part: { name, version, draw, dependencies, address, params }, tree };
}

function without(params: Readonly<Record<string, unknown>>, left: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([key]) => !left.has(key)));
}
