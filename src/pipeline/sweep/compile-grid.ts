import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import { stateKey } from "../../persistable/declare/state.ts";
import type { Persistable } from "../../persistable/persistable.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { Axis, axis, Continuous, Fixed, listed } from "./axis.ts";
import type { BuildingDefinition } from "./grid.ts";

/** A grid whose entries are sorted by what they mean. */
export interface CompiledGrid {
  readonly root: GridLevel;
  /**
   * The axes; those that move together are one group. Upstream axes come first and move slowest, so
   * that upstream persistables are shared by as many points in a row as possible.
   */
  readonly groups: readonly AxisGroup[];
  /** The number of combinations of the axes. Functions may make several points of one of them. */
  readonly size: number;
  /** The functions of the grid, in the order of their calls: upstream first. */
  readonly derivations: readonly Derivation[];
  /** The path of the first range to draw from; undefined if there is none. */
  readonly continuousPath: string | undefined;
}

/** The part of a grid for one definition: for the root, or for the dependency under a role. */
export interface GridLevel {
  readonly index: number;
  readonly path: string;
  readonly definition: BuildingDefinition;
  readonly leaves: readonly GridLeaf[];
  /** The indices of its groups of axes, and of those of everything upstream. */
  readonly groups: readonly number[];
  /** Whether it has no functions and no ranges, here and upstream. */
  readonly isStatic: boolean;
}

export type GridLeaf =
  | { readonly kind: "constant"; readonly key: string; readonly value: unknown; readonly isRole: boolean }
  | {
      readonly kind: "axis";
      readonly key: string;
      readonly axis: Axis;
      readonly group: number;
      readonly isRole: boolean;
    }
  | { readonly kind: "continuous"; readonly key: string; readonly range: Continuous }
  | {
      readonly kind: "derived";
      readonly key: string;
      readonly derive: Derive;
      readonly isRole: boolean;
      readonly path: string;
    }
  /**
   * `isImplied` marks a role that the grid does not name. Its dependency is built once for all
   * points, and the params trees leave it out.
   */
  | { readonly kind: "level"; readonly key: string; readonly level: GridLevel; readonly isImplied: boolean };

export type Derive = (point: unknown, root: unknown) => unknown;

export type DerivedLeaf = Extract<GridLeaf, { readonly kind: "derived" }>;

export interface Derivation {
  readonly level: GridLevel;
  readonly leaf: DerivedLeaf;
}

interface AxisGroup {
  readonly length: number;
}

/**
 * Decides what each entry of a grid means, and which axes move together.
 *
 * @throws {@link InvalidSweepError} if the grid or `zip` is not valid
 */
export function compileGrid(
  definition: BuildingDefinition,
  grid: unknown,
  zip: readonly (readonly string[])[] = [],
): CompiledGrid {
  return new Compilation(zip).compile(definition, grid);
}

class Compilation {
  readonly #zip: readonly (readonly string[])[];
  readonly #zipOf = new Map<string, number>();
  readonly #groupOfZip = new Map<number, number>();
  readonly #groups: { readonly length: number; readonly path: string }[] = [];
  readonly #axisPaths = new Set<string>();
  readonly #derivations: Derivation[] = [];
  #levelCount = 0;
  #continuousPath: string | undefined;

  constructor(zip: readonly (readonly string[])[]) {
    this.#zip = zip;
    zip.forEach((paths, i) => {
      if (paths.length < 2)
        throw new InvalidSweepError(`zip[${i}]`, "names fewer than two axes", "Name those that move together.");
      for (const path of paths) {
        if (this.#zipOf.has(path)) throw new InvalidSweepError(path, "is zipped twice", "Zip all of them in one list.");
        this.#zipOf.set(path, i);
      }
    });
  }

  compile(definition: BuildingDefinition, grid: unknown): CompiledGrid {
    const root = this.#level(definition, grid, "");
    for (const path of this.#zip.flat()) {
      if (this.#axisPaths.has(path)) continue;
      const known = [...this.#axisPaths].join(", ");
      throw new InvalidSweepError(
        path,
        "is zipped, and is not an axis of this grid",
        known === "" ? "There are none." : `There are ${known}.`,
      );
    }
    return {
      root,
      groups: this.#groups,
      size: this.#size(),
      derivations: this.#derivations,
      continuousPath: this.#continuousPath,
    };
  }

  #size(): number {
    const size = this.#groups.reduce((product, { length }) => product * length, 1);
    if (size <= Number.MAX_SAFE_INTEGER) return size;
    throw new InvalidSweepError(
      this.#groups.map(({ path }) => path).join(", "),
      `these axes make ${size.toExponential(1)} points, and no more than 2^53 can be counted`,
      "Give them fewer values, or zip some.",
    );
  }

  #level(definition: BuildingDefinition, grid: unknown, path: string): GridLevel {
    if (typeof grid !== "object" || grid === null || Array.isArray(grid))
      throw new InvalidSweepError(path || "the grid", "is not an object", "Give a params tree.");
    const entries = fieldsOf(grid);
    const declared = fieldsOf(definition.dependencies);
    const index = this.#levelCount++;
    const leafOf = new Map<string, GridLeaf>();
    // Roles come first, so that upstream axes move slowest.
    for (const role of Object.keys(declared)) {
      const leaf = this.#role(declared[role], role, entries[role], join(path, role));
      if (leaf !== undefined) leafOf.set(role, leaf);
    }
    for (const key of Object.keys(entries)) {
      if (Object.hasOwn(declared, key) || entries[key] === undefined) continue;
      leafOf.set(key, this.#param(key, entries[key], join(path, key)));
    }
    const keys = [...Object.keys(entries), ...Object.keys(declared).filter((role) => !Object.hasOwn(entries, role))];
    const leaves = keys.flatMap((key) => leafOf.get(key) ?? []);
    const level = {
      index,
      path,
      definition,
      leaves,
      groups: [...new Set(leaves.flatMap(groupsOf))],
      isStatic: leaves.every(isStatic),
    };
    for (const leaf of leaves) if (leaf.kind === "derived") this.#derivations.push({ level, leaf });
    return level;
  }

  #role(declared: unknown, key: string, given: unknown, path: string): GridLeaf | undefined {
    if (given instanceof Axis || Array.isArray(given)) return this.#axis(key, given, path, true);
    if (isDerive(given)) return { kind: "derived", key, derive: given, isRole: true, path };
    if (given instanceof Continuous || given instanceof Fixed)
      throw new InvalidSweepError(path, "is a dependency, and was given a value", "Give a grid, or persistables.");
    if (isPersistable(given)) return { kind: "constant", key, value: given, isRole: true };
    if (isDefinition(declared)) {
      const level = this.#level(declared, given ?? {}, path);
      return { kind: "level", key, level, isImplied: given === undefined };
    }
    if (given === undefined) return undefined;
    throw treeForClass(path);
  }

  #param(key: string, given: unknown, path: string): GridLeaf {
    if (given instanceof Axis || Array.isArray(given)) return this.#axis(key, given, path, false);
    if (given instanceof Fixed) return { kind: "constant", key, value: given.value, isRole: false };
    if (isDerive(given)) return { kind: "derived", key, derive: given, isRole: false, path };
    if (!(given instanceof Continuous)) return { kind: "constant", key, value: given, isRole: false };
    this.#continuousPath ??= path;
    return { kind: "continuous", key, range: given };
  }

  #axis(key: string, given: Axis | readonly unknown[], path: string, isRole: boolean): GridLeaf {
    const zip = this.#zipOf.get(path);
    // Zipped axes keep repeated values, since their values are matched by position.
    const values = given instanceof Axis ? given : zip === undefined ? axis(given) : listed(given);
    if (values.length === 0) throw new InvalidSweepError(path, "the axis has no values", "Give at least one.");
    this.#axisPaths.add(path);
    return { kind: "axis", key, axis: values, group: this.#groupFor(zip, values.length, path), isRole };
  }

  #groupFor(zip: number | undefined, length: number, path: string): number {
    const known = zip === undefined ? undefined : this.#groupOfZip.get(zip);
    if (known !== undefined) {
      const first = this.#groups[known];
      if (first !== undefined && first.length !== length)
        throw new InvalidSweepError(
          path,
          `has ${length} values and is zipped with ${first.path}, which has ${first.length}`,
          "Give them equally many.",
        );
      return known;
    }
    const group = this.#groups.push({ length, path }) - 1;
    if (zip !== undefined) this.#groupOfZip.set(zip, group);
    return group;
  }
}

/** Returns `false` for a class of persistables, which takes no params tree. */
export function isDefinition(given: unknown): given is BuildingDefinition {
  return typeof given === "function" && "payloadName" in given && "dependencies" in given;
}

function isDerive(given: unknown): given is Derive {
  return typeof given === "function";
}

/** The constructor of a class takes options of its own, which a grid does not know. */
export function treeForClass(path: string): InvalidSweepError {
  return new InvalidSweepError(
    path,
    "is declared as a class, which takes no tree",
    "Give persistables that are built.",
  );
}

/** Whether a value under a role is already built. */
export function isPersistable(value: unknown): value is Persistable {
  return typeof value === "object" && value !== null && stateKey in value;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function groupsOf(leaf: GridLeaf): readonly number[] {
  return leaf.kind === "axis" ? [leaf.group] : leaf.kind === "level" ? leaf.level.groups : [];
}

function isStatic(leaf: GridLeaf): boolean {
  return leaf.kind === "level" ? leaf.level.isStatic : leaf.kind === "constant" || leaf.kind === "axis";
}
