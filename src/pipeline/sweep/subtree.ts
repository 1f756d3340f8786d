import { Untracked } from "../../params/untracked.ts";
import type { AnyPersistable, Persistable, PersistableOptions } from "../../persistable/persistable.ts";
import { fieldsOf, setOwn } from "../../util/fields-of.ts";
import { isDefinition, isPersistable } from "./compile-grid.ts";
import type { BuildingDefinition } from "./grid.ts";

/** The params of one point at one level. All points that have these params there share it. */
export class Subtree {
  readonly definition: BuildingDefinition;
  /** The subtree in the params tree: own and upstream params, or the persistable that was given. */
  readonly tree: object;
  readonly upstream: readonly Upstream[];
  /** A text that equal subtrees of one definition share. */
  readonly key: string;
  /** The subtree as functions see it; computed by {@link pointOf} when it is first needed. */
  point: object | undefined;
  built: AnyPersistable | undefined;

  constructor(parts: Pick<Subtree, "definition" | "tree" | "upstream" | "key"> & { readonly built?: AnyPersistable }) {
    this.definition = parts.definition;
    this.tree = parts.tree;
    this.upstream = parts.upstream;
    this.key = parts.key;
    this.point = undefined;
    this.built = parts.built;
  }
}

/** The dependency under a role. */
export interface Upstream {
  readonly role: string;
  readonly subtree: Subtree;
}

/** Builds the persistable of a subtree, with everything upstream, on the first call. */
export function buildSubtree(subtree: Subtree, options: PersistableOptions): AnyPersistable {
  subtree.built ??= buildPoint(subtree, options, options);
  return subtree.built;
}

/**
 * Builds a new persistable of a subtree at each call, since a point may need one per draw. Its
 * upstream persistables are built once.
 */
export function buildPoint(
  { definition, tree, upstream }: Subtree,
  options: PersistableOptions,
  upstreamOptions: PersistableOptions,
): AnyPersistable {
  if (upstream.length === 0) return definition(tree, options);
  const input: Record<string, unknown> = { ...tree };
  for (const { role, subtree } of upstream) {
    if (Object.hasOwn(input, role)) input[role] = buildSubtree(subtree, upstreamOptions);
    else addImplied(input, role, subtree, upstreamOptions);
  }
  return definition(input, options);
}

/**
 * Adds a dependency that the grid does not name. If it cannot be built, because it has required
 * params, it is left out: the definition of its dependent then throws, and names what is missing.
 */
function addImplied(input: Record<string, unknown>, role: string, subtree: Subtree, options: PersistableOptions): void {
  try {
    input[role] = buildSubtree(subtree, options);
  } catch {
    // The definition of the dependent reports this.
  }
}

/**
 * A subtree as functions see it: untracked values have no wrapper, and a persistable is replaced by
 * its params.
 */
export function pointOf(subtree: Subtree): object {
  const { definition, tree, upstream } = subtree;
  if (subtree.point !== undefined) return subtree.point;
  const point = isPersistable(tree) ? pointOfBuilt(tree) : pointOfTree(definition, fieldsOf(tree));
  for (const { role, subtree: dependency } of upstream) point[role] = pointOf(dependency);
  subtree.point = Object.freeze(point);
  return subtree.point;
}

function pointOfTree(
  { dependencies }: Pick<BuildingDefinition, "dependencies">,
  tree: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const declared = fieldsOf(dependencies);
  const point: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(tree)) {
    const dependency = Object.hasOwn(declared, key) ? declared[key] : undefined;
    if (isPersistable(value)) setOwn(point, key, pointOfBuilt(value));
    else if (isDefinition(dependency)) point[key] = Object.freeze(pointOfTree(dependency, fieldsOf(value)));
    else setOwn(point, key, unwrapped(value));
  }
  return point;
}

/**
 * The params of a persistable. Those of its dependencies are computed when a function reads them,
 * since there may be a hundred thousand dependencies.
 */
function pointOfBuilt({ params, dependencies }: Persistable): Record<string, unknown> {
  const point: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(params)) setOwn(point, key, value);
  for (const [role, dependency] of Object.entries<unknown>(dependencies))
    if (isPersistable(dependency))
      Object.defineProperty(point, role, { enumerable: true, get: () => pointOfBuilt(dependency) });
  return point;
}

/** A parameter as functions see it: an untracked value without its wrapper. */
export function unwrapped(value: unknown): unknown {
  return value instanceof Untracked ? value.value : value;
}
