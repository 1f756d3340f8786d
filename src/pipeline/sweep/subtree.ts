import { Untracked } from "../../params/untracked.ts";
import type { AnyPersistable, Persistable, PersistableOptions } from "../../persistable/persistable.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { isDefinition, isPersistable } from "./compile-grid.ts";
import type { BuildingDefinition } from "./grid.ts";

/** The params of one point at one level, shared by all points that agree in it. */
export class Subtree {
  readonly definition: BuildingDefinition;
  /** What is written in trees: params, or the persistable that was given. */
  readonly tree: object;
  readonly upstream: readonly Upstream[];
  /** The same for equal subtrees of one definition. */
  readonly key: string;
  /** As functions see it; worked out when one asks. */
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

/** What stands under a role. */
export interface Upstream {
  readonly role: string;
  readonly subtree: Subtree;
}

/** The persistable of a subtree, built once, with everything upstream. */
export function buildSubtree(subtree: Subtree, options: PersistableOptions): AnyPersistable {
  subtree.built ??= buildPoint(subtree, options, options);
  return subtree.built;
}

/** A persistable of a subtree's own, on what is built upstream. */
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

/** A dependency that was not named and has params that must be given is for its dependent to complain about. */
function addImplied(input: Record<string, unknown>, role: string, subtree: Subtree, options: PersistableOptions): void {
  try {
    input[role] = buildSubtree(subtree, options);
  } catch {
    // Left out.
  }
}

/** A subtree as functions see it: without wrappers, and with params where a persistable stands. */
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

/** Its own dependencies only when one looks: there may be a hundred thousand. */
function pointOfBuilt({ params, dependencies }: Persistable): Record<string, unknown> {
  const point: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(params)) setOwn(point, key, value);
  for (const [role, dependency] of Object.entries<unknown>(dependencies))
    if (isPersistable(dependency))
      Object.defineProperty(point, role, { enumerable: true, get: () => pointOfBuilt(dependency) });
  return point;
}

/** A parameter as functions see it. */
export function unwrapped(value: unknown): unknown {
  return value instanceof Untracked ? value.value : value;
}

/** Assignment to `__proto__` would be something else. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
