import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import { fieldsOf } from "../../util/fields-of.ts";
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
import { pointOf, Subtree, setOwn, type Upstream, unwrapped } from "./subtree.ts";
import { rangeWithoutSample } from "./sweep-options.ts";
import { valueKey } from "./value-key.ts";

/** Subtrees of one definition that are remembered: upstream axes move slowest, so few are in use at a time. */
const MAX_REMEMBERED = 1024;

/** A level while functions still work on it. */
interface Draft {
  readonly level: GridLevel;
  /** By key; what functions have yet to give is missing. */
  readonly values: Map<string, unknown>;
  /** As functions see it. */
  readonly point: Record<string, unknown>;
}

/** Turns the number of a point into its params tree. Holds a place in the grid: one for each walk. */
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

  /** Whether the point that was expanded last drew from a continuous range. */
  get drew(): boolean {
    return this.#drew;
  }

  /** All points under one number from 0 to below the grid's size; more than one where functions give axes. Take them before you ask for the next number. */
  *expand(index: number, random?: SeededRandom): Generator<Subtree, void, undefined> {
    this.#goTo(index);
    this.#random = random;
    this.#drew = false;
    yield* this.#derive(0, this.#draft(this.#grid.root));
  }

  /** The one point under a number, where there are no functions and no ranges. */
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
    // By its place first: that is quicker than by its values.
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

  /** The subtree at the present place, of a level that axes alone settle. */
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

  /** A persistable, or a whole tree, that was given under a role. */
  #given(level: GridLevel, role: string, value: unknown): Subtree | undefined {
    if (value === undefined) return undefined;
    const declared = fieldsOf(level.definition.dependencies)[role];
    if (declared === undefined || typeof value !== "object" || value === null)
      throw new InvalidSweepError(pathOf(level, role), "is neither persistable nor tree", "Give one of them.");
    const parts = { tree: value, upstream: [], key: `given ${valueKey(value)}` };
    // No definition is called for a persistable, so that of its dependent may stand here.
    if (isPersistable(value))
      return this.#remember(new Subtree({ ...parts, definition: level.definition, built: value }));
    if (!isDefinition(declared)) throw treeForClass(pathOf(level, role));
    return this.#remember(new Subtree({ ...parts, definition: declared }));
  }

  /** The one that stands for all equal ones. */
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

  /** Everything that is known of a level before its functions are called. */
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

  /** Not yet known: nobody may take it for left out. */
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

  /** What a function gave means what it would mean in its place. */
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

/** The first one in is the first one out: what moves slowest is not asked for again. */
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
