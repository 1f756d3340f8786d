import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import { fieldsOf, setOwn } from "../../util/fields-of.ts";
import { Axis, axis, Continuous, Fixed } from "./axis.ts";
import {
  type CompiledGrid,
  type DerivedLeaf,
  type GridLeaf,
  type GridLevel,
  isDefinition,
  isPersistable,
  treeForClass,
} from "./compile-grid.ts";
import type { BuildingDefinition } from "./grid.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { pointOf, Subtree, type Upstream, unwrapped } from "./subtree.ts";
import { rangeWithoutSample } from "./sweep-options.ts";
import { valueKey } from "./value-key.ts";

/**
 * The number of subtrees that are remembered per definition. Upstream axes move slowest, so few are
 * in use at a time.
 */
const MAX_REMEMBERED = 1024;

/** A level some of whose functions have not been called yet. */
interface Draft {
  readonly level: GridLevel;
  /** The values by key, without those that functions still have to give. */
  readonly values: Map<string, unknown>;
  /** The point that functions get. */
  readonly point: Record<string, unknown>;
}

/**
 * Turns the number of a point into its params tree. It has a position in the grid, so each walk
 * needs an expander of its own.
 */
export class GridExpander {
  readonly #grid: CompiledGrid;
  readonly #digits: number[];
  readonly #last: LastSubtree[] = [];
  readonly #placed: Map<number, Subtree>[] = [];
  readonly #remembered = new Map<BuildingDefinition, Map<string, Subtree>>();
  readonly #drafts: Draft[] = [];
  #random: SeededRandom | undefined;
  #drew = false;

  constructor(grid: CompiledGrid) {
    this.#grid = grid;
    this.#digits = grid.groups.map(() => 0);
  }

  /** Whether the last expansion drew a number from a continuous range. */
  get drew(): boolean {
    return this.#drew;
  }

  /**
   * Gives all points under one number, from 0 to below the grid's size. There are several if
   * functions return axes. The caller has to take all of them before it asks for the next number.
   */
  *expand(index: number, random?: SeededRandom): Generator<Subtree, void, undefined> {
    this.#goTo(index);
    this.#random = random;
    this.#drew = false;
    yield* this.#derive(0, this.#draft(this.#grid.root));
  }

  /** Returns the one point under a number, for a grid without functions and ranges. */
  pointAt(index: number): Subtree {
    this.#goTo(index);
    return this.#assemble(this.#grid.root);
  }

  #goTo(index: number): void {
    const { groups } = this.#grid;
    let rest = index;
    for (let i = groups.length - 1; i >= 0; i--) {
      const length = groups[i]?.length ?? 1;
      const quotient = Math.floor(rest / length);
      this.#digits[i] = rest - quotient * length;
      rest = quotient;
    }
  }

  #upstreamOf(level: GridLevel): Subtree {
    let place = 0;
    for (const group of level.groups)
      place = place * (this.#grid.groups[group]?.length ?? 1) + (this.#digits[group] ?? 0);
    const last = this.#last[level.index];
    if (last?.place === place) return last.subtree;
    // Looked up by position first, which is quicker than by values.
    const subtrees = this.#placed[level.index] ?? new Map<number, Subtree>();
    this.#placed[level.index] = subtrees;
    let subtree = subtrees.get(place);
    if (subtree === undefined) {
      subtree = this.#remember(this.#assemble(level, true));
      makeRoom(subtrees);
      subtrees.set(place, subtree);
    }
    this.#last[level.index] = { place, subtree };
    return subtree;
  }

  /** The subtree at the current position, of a level without functions and ranges. */
  #assemble(level: GridLevel, isShared = false): Subtree {
    return this.#subtree(level, (leaf) => this.#staticValue(level, leaf), isShared);
  }

  #staticValue(level: GridLevel, leaf: GridLeaf): unknown {
    if (leaf.kind === "level") return this.#upstreamOf(leaf.level);
    const value =
      leaf.kind === "axis"
        ? leaf.axis.at(this.#digits[leaf.group] ?? 0)
        : leaf.kind === "constant"
          ? leaf.value
          : undefined;
    return isRole(leaf) ? this.#given(level, leaf.key, value) : value;
  }

  #subtree(level: GridLevel, valueFor: (leaf: GridLeaf) => unknown, isShared: boolean): Subtree {
    const tree: Record<string, unknown> = {};
    const upstream: Upstream[] = [];
    let key = "";
    for (const leaf of level.leaves) {
      const value = valueFor(leaf);
      if (value === undefined) continue;
      if (value instanceof Subtree) {
        upstream.push({ role: leaf.key, subtree: value });
        if (leaf.kind !== "level" || !leaf.isImplied) setOwn(tree, leaf.key, value.tree);
        if (isShared) key += `${leaf.key}{${value.key}}`;
      } else {
        setOwn(tree, leaf.key, value);
        if (isShared) key += `${JSON.stringify(leaf.key)}:${valueKey(value)},`;
      }
    }
    return new Subtree({ definition: level.definition, tree: Object.freeze(tree), upstream, key });
  }

  /** The subtree for a role whose value is a persistable or a params tree. */
  #given(level: GridLevel, role: string, value: unknown): Subtree | undefined {
    if (value === undefined) return undefined;
    const declared = fieldsOf(level.definition.dependencies)[role];
    if (declared === undefined || typeof value !== "object" || value === null)
      throw new InvalidSweepError(pathOf(level, role), "is neither persistable nor tree", "Give one of them.");
    const parts = { tree: value, upstream: [], key: `given ${valueKey(value)}` };
    // The definition of a built persistable is never called, so any definition may be named here.
    if (isPersistable(value))
      return this.#remember(new Subtree({ ...parts, definition: level.definition, built: value }));
    if (!isDefinition(declared)) throw treeForClass(pathOf(level, role));
    return this.#remember(new Subtree({ ...parts, definition: declared }));
  }

  /** Returns the first of all equal subtrees, so that its persistable is built only once. */
  #remember(subtree: Subtree): Subtree {
    let remembered = this.#remembered.get(subtree.definition);
    if (remembered === undefined) {
      remembered = new Map();
      this.#remembered.set(subtree.definition, remembered);
    }
    const known = remembered.get(subtree.key);
    if (known !== undefined) return known;
    makeRoom(remembered);
    remembered.set(subtree.key, subtree);
    return subtree;
  }

  /** Begins a draft with all values of a level that are known before its functions are called. */
  #draft(level: GridLevel): Draft {
    const draft: Draft = { level, values: new Map(), point: {} };
    this.#drafts[level.index] = draft;
    for (const leaf of level.leaves) {
      if (leaf.kind === "derived") this.#await(draft, leaf);
      else if (leaf.kind === "level" && !leaf.level.isStatic)
        setOwn(draft.point, leaf.key, this.#draft(leaf.level).point);
      else
        this.#set(
          draft,
          leaf,
          leaf.kind === "continuous"
            ? this.#number(leaf.range, pathOf(level, leaf.key))
            : this.#staticValue(level, leaf),
        );
    }
    return draft;
  }

  #set(draft: Draft, leaf: GridLeaf, value: unknown): void {
    if (value === undefined) return;
    draft.values.set(leaf.key, value);
    const seen = value instanceof Subtree ? pointOf(value) : unwrapped(value);
    Object.defineProperty(draft.point, leaf.key, { value: seen, enumerable: true, configurable: true, writable: true });
  }

  /**
   * Makes reading a value that is not known yet throw. Otherwise a function would take the value
   * for one that was left out.
   */
  #await(draft: Draft, { key, path }: DerivedLeaf): void {
    draft.values.delete(key);
    Object.defineProperty(draft.point, key, {
      configurable: true,
      get() {
        throw new InvalidSweepError(
          path,
          "is read by a function before it is worked out",
          "Functions are called upstream first, and within a level in the order of the grid: put this one before the one that reads it.",
        );
      },
    });
  }

  *#derive(i: number, root: Draft): Generator<Subtree, void, undefined> {
    const derivation = this.#grid.derivations[i];
    if (derivation === undefined) {
      yield this.#finish(root, false);
      return;
    }
    const { level, leaf } = derivation;
    const draft = this.#drafts[level.index];
    if (draft === undefined) return;
    const given = leaf.derive(draft.point, root.point);
    const values = this.#outcomes(given, leaf.path);
    for (let at = 0; at < values.length; at++) {
      const value = values.at(at);
      if (value === undefined) unset(draft, leaf.key);
      else this.#set(draft, leaf, leaf.isRole ? this.#given(level, leaf.key, value) : value);
      yield* this.#derive(i + 1, root);
    }
    this.#await(draft, leaf);
  }

  /**
   * The values that a function returned, as an axis. Its return value means the same as if the grid
   * had it where the function is.
   */
  #outcomes(given: unknown, path: string): Axis {
    if (given instanceof Fixed) return new Axis(1, () => given.value);
    if (given instanceof Continuous) {
      const number = this.#number(given, path);
      return new Axis(1, () => number);
    }
    if (!(given instanceof Axis || Array.isArray(given))) return new Axis(1, () => given);
    const values = given instanceof Axis ? given : axis<unknown>(given);
    if (values.length > 0) return values;
    throw new InvalidSweepError(path, "its function gave an axis without values", "Give undefined to leave it out.");
  }

  #number(range: Continuous, path: string): number {
    if (this.#random === undefined) throw rangeWithoutSample(path);
    this.#drew = true;
    return range.at(this.#random.next());
  }

  #finish(draft: Draft, isShared: boolean): Subtree {
    const valueFor = (leaf: GridLeaf): unknown => {
      if (leaf.kind !== "level" || leaf.level.isStatic) return draft.values.get(leaf.key);
      const upstream = this.#drafts[leaf.level.index];
      return upstream === undefined ? undefined : this.#remember(this.#finish(upstream, true));
    };
    return this.#subtree(draft.level, valueFor, isShared);
  }
}

function unset(draft: Draft, key: string): void {
  draft.values.delete(key);
  delete draft.point[key];
}

interface LastSubtree {
  readonly place: number;
  readonly subtree: Subtree;
}

/**
 * Removes the oldest subtree if there are too many. Axes rarely come back to values that they have
 * left, so it is the one that is least likely to be used again.
 */
function makeRoom(subtrees: Map<unknown, Subtree>): void {
  if (subtrees.size < MAX_REMEMBERED) return;
  for (const oldest of subtrees.keys()) {
    subtrees.delete(oldest);
    return;
  }
}

function isRole(leaf: GridLeaf): boolean {
  return (leaf.kind === "constant" || leaf.kind === "axis" || leaf.kind === "derived") && leaf.isRole;
}

function pathOf(level: GridLevel, key: string): string {
  return level.path === "" ? key : `${level.path}.${key}`;
}
