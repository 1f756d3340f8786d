import { type Axis, axis, type Fixed, fixed } from "../../pipeline/sweep/axis.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError } from "../core/command-error.ts";
import { type AnyDefinition, isDefinition } from "../module/find-targets.ts";
import type { Assignment } from "./read-assignments.ts";

/** A grid as `sweep` takes it: each parameter is fixed or an axis, and a role is a grid again. */
export interface TextGrid {
  readonly [key: string]: Axis | Fixed | TextGrid;
}

/** The params to start from, before assignments change them. */
export type BaseTree = Readonly<Record<string, unknown>>;

/**
 * Builds the grid of a definition: a params tree, changed by the assignments of the command line.
 */
export function buildGrid(definition: AnyDefinition, base: BaseTree, assignments: readonly Assignment[]): TextGrid {
  const roles = fieldsOf(definition.dependencies);
  const byKey = groupByKey(assignments);
  const entries = [...new Set([...Object.keys(base), ...byKey.keys()])].map((key): [string, TextGrid[string]] => {
    const own = byKey.get(key) ?? [];
    if (Object.hasOwn(roles, key)) return [key, gridOfRole(key, roles[key], base[key], own)];
    const values = valuesOf(Object.hasOwn(base, key) ? [base[key]] : [], own);
    return [key, values.length === 1 ? fixed(values[0]) : axis(values)];
  });
  return Object.fromEntries(entries);
}

function gridOfRole(role: string, declared: unknown, base: unknown, own: readonly Assignment[]): TextGrid {
  if (isDefinition(declared)) return buildGrid(declared, fieldsOf(base), own.map(inside));
  throw new CommandError(`The dependency ${role} is a class, which a command cannot build from params.`, {
    hint: "Export the persistable or the sweep that you want, and name that.",
  });
}

/** Returns the values of a parameter. Assignments set it as a whole, or parts of a plain object. */
function valuesOf(base: readonly unknown[], assignments: readonly Assignment[]): readonly unknown[] {
  const whole = assignments.filter(({ path }) => path.length === 1).flatMap(({ values }) => values);
  const parts = groupByKey(assignments.filter(({ path }) => path.length > 1).map(inside));
  let objects = whole.length > 0 ? whole : base;
  for (const [key, own] of parts) {
    const starts = objects.length === 0 ? [{}] : objects;
    objects = starts.flatMap((object) => {
      const before = fieldsOf(object);
      const values = valuesOf(Object.hasOwn(before, key) ? [before[key]] : [], own);
      return values.map((value) => ({ ...before, [key]: value }));
    });
  }
  return objects;
}

function inside({ path, values }: Assignment): Assignment {
  return { path: path.slice(1), values };
}

function groupByKey(assignments: readonly Assignment[]): Map<string, Assignment[]> {
  const groups = new Map<string, Assignment[]>();
  for (const assignment of assignments) {
    const [key = ""] = assignment.path;
    groups.set(key, [...(groups.get(key) ?? []), assignment]);
  }
  return groups;
}
