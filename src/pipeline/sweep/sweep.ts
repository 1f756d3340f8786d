import type { Address } from "../../address/address.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { State } from "../../persistable/declare/state.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import { DEFAULT_DATA_DIR } from "../../persistable/declare/surroundings.ts";
import type { PersistableOf, TreeOf } from "../../persistable/definition.ts";
import { Persistable, type PersistableOptions } from "../../persistable/persistable.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";
import { encodeParamsTree } from "../../record/encode-params-tree.ts";
import { openStore } from "../../store/open/open-store.ts";
import { describeKind } from "../../util/describe-kind.ts";
import type { Expectation } from "../plan/estimate.ts";
import { plan } from "../plan/plan.ts";
import type { PlanCounts } from "../plan/planned-node.ts";
import { type CompiledGrid, compileGrid, isDefinition } from "./compile-grid.ts";
import { GridExpander } from "./expand-grid.ts";
import type { BuildingDefinition, Grid, Point, SweptDefinition } from "./grid.ts";
import { sampleGrid } from "./sample-grid.ts";
import { buildPoint, pointOf, type Subtree } from "./subtree.ts";
import { assertSweepOptions, type SweepOptions } from "./sweep-options.ts";

/**
 * The persistables of a grid. A sweep builds them one by one while it is iterated, and `plan`,
 * `run` and `collect` take it as a whole.
 *
 * Upstream axes move slowest, and points that agree in a dependency share it.
 *
 * @typeParam Swept - the definition, which says what each point gives and its params tree
 */
export interface Sweep<Swept extends SweptDefinition> extends Iterable<PersistableOf<Swept>> {
  /**
   * The number of persistables, counting all draws. If the grid has functions, or if there is a
   * `where`, counting calls them once for each point.
   */
  readonly count: number;
  /** The params trees, frozen; each once, however many draws there are. Nothing is built. */
  trees(): Iterable<TreeOf<Swept>>;
  /**
   * Estimates what running the sweep takes, from the artifacts that exist and from earlier records.
   * It builds all persistables, as `plan` does.
   *
   * @throws what {@link plan} throws
   */
  expect(options?: { readonly signal?: AbortSignal | undefined }): Promise<SweepExpectation>;
  /** The form for `JSON.stringify`. It builds all persistables, as `plan` does. */
  toJSON(): SweepJson;
}

/** The form of a sweep for `JSON.stringify`. */
export interface SweepJson {
  /** The name of the swept definition. */
  readonly name: string;
  readonly count: number;
  readonly targets: readonly SweepTargetJson[];
}

/** The form of one persistable of a sweep. */
export interface SweepTargetJson {
  readonly address: Address;
  /** Absent for draw 0. */
  readonly draw?: number;
  /** The params tree, encoded as in a record. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** An estimate of a sweep before it is run. */
export interface SweepExpectation {
  /** The number of points; each counts once, however many draws there are. */
  readonly points: number;
  /** The numbers of hits and misses, upstream included. */
  readonly counts: PlanCounts;
  readonly expected: Expectation;
}

/**
 * Makes persistables for many params trees: a grid may vary any part of a definition's params tree,
 * upstream included. Nothing is built until the sweep is iterated, and nothing is read or written.
 *
 * Points are not compared with each other. A value that occurs twice in one axis counts once, but
 * if two combinations of axes make the same params tree, the sweep gives it twice.
 *
 * @throws {@link InvalidSweepError} for an axis without values, zipped axes of different lengths,
 * unknown paths, and more points than can be counted. Params that the schema refuses throw later,
 * when their point is built.
 *
 * @example
 * ```ts
 * import { axis, sweep } from "persistable-ts/pipeline";
 * import { network, outlierEstimator } from "./pipeline.ts";
 *
 * const study = sweep(
 *   outlierEstimator,
 *   { zThreshold: [1, 2, 3], points: { n: [10, 100], randomState: 10 } },
 *   { dataDir: "data" },
 * );
 * study.count; // 6
 * for (const estimator of study) console.log(estimator.params.zThreshold, (await estimator.payload).mean);
 *
 * sweep(network, {
 *   layers: axis([[64], [64, 32]]),
 *   dropout: ({ layers }) => (layers?.length === 2 ? axis([0, 0.5]) : undefined), // an axis of some points
 * });
 * ```
 */
export function sweep<Swept extends SweptDefinition>(
  definition: Swept,
  grid: Grid<TreeOf<Swept>>,
  options: SweepOptions<TreeOf<Swept>> = {},
): Sweep<Swept> {
  assertDefinition(definition);
  const compiled = compileGrid(definition, grid, options.zip);
  assertSweepOptions(options, compiled);
  return new GridSweep<Swept>(compiled, options);
}

function assertDefinition(given: unknown): asserts given is BuildingDefinition {
  if (isDefinition(given)) return;
  const isClass = typeof given === "function" && given.prototype instanceof Persistable;
  throw new DefinitionError(
    isClass
      ? `${given.name} is a class, and a sweep builds its points by calling a definition. Define it with definePersistable, or build the persistables in a loop and give the list to plan, run and collect.`
      : `What was given to sweep is ${describeKind(given)}, and not a definition. Give what definePersistable returns.`,
  );
}

class GridSweep<Swept extends SweptDefinition> implements Sweep<Swept> {
  readonly #grid: CompiledGrid;
  readonly #options: SweepOptions<TreeOf<Swept>>;
  #counted: number | undefined;

  constructor(grid: CompiledGrid, options: SweepOptions<TreeOf<Swept>>) {
    this.#grid = grid;
    this.#options = options;
  }

  get count(): number {
    this.#counted ??= (this.#knownPoints() ?? this.#countPoints()) * (this.#options.draws ?? 1);
    return this.#counted;
  }

  async expect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<SweepExpectation> {
    const { targets, counts, expected } = await plan(this, options);
    return { points: targets.length / (this.#options.draws ?? 1), counts, expected };
  }

  toJSON(): SweepJson {
    const targets = Array.from(this, (built) => targetToJson(stateOf(built, "A point of a sweep")));
    return { name: this.#grid.root.definition.payloadName, count: targets.length, targets };
  }

  *trees(): Generator<TreeOf<Swept>, void, undefined> {
    for (const { tree } of this.#points()) yield tree as TreeOf<Swept>;
  }

  *[Symbol.iterator](): Generator<PersistableOf<Swept>, void, undefined> {
    const { draws = 1, dataDir, logger, log, verbose, onEvent, memory, limits } = this.#options;
    // One store for all: without a dataDir, an upstream persistable that points share would take
    // the store of one of its many dependents.
    const store = openStore(dataDir ?? process.env.PERSISTABLE_DATA_DIR ?? DEFAULT_DATA_DIR);
    const upstreamOptions: PersistableOptions = { dataDir: store, logger, log, verbose, onEvent };
    const drawOptions = Array.from({ length: draws }, (_, draw) => ({ ...upstreamOptions, memory, limits, draw }));
    for (const point of this.#points())
      for (const pointOptions of drawOptions)
        yield buildPoint(point, pointOptions, upstreamOptions) as PersistableOf<Swept>;
  }

  #points(): Iterable<Subtree> {
    const { where, sample } = this.#options;
    const isWanted = where === undefined ? always : (point: Subtree) => where(pointOf(point) as Point<TreeOf<Swept>>);
    return sample === undefined ? allPoints(this.#grid, isWanted) : sampleGrid(this.#grid, sample, isWanted);
  }

  #knownPoints(): number | undefined {
    const { where, sample } = this.#options;
    const { size, derivations, continuousPath } = this.#grid;
    if (where !== undefined || derivations.length > 0) return undefined;
    if (sample === undefined) return size;
    return continuousPath === undefined ? Math.min(sample.count, size) : sample.count;
  }

  #countPoints(): number {
    let count = 0;
    for (const _ of this.#points()) count++;
    return count;
  }
}

function targetToJson(state: State): SweepTargetJson {
  const { address, draw } = state.recipe;
  const { params } = encodeParamsTree(state.recipe);
  return { address, ...(draw === 0 ? {} : { draw }), params: redactionOf(state).value(params) };
}

function* allPoints(grid: CompiledGrid, isWanted: (point: Subtree) => boolean): Generator<Subtree, void, undefined> {
  const expander = new GridExpander(grid);
  for (let index = 0; index < grid.size; index++) {
    if (grid.root.isStatic) {
      const point = expander.pointAt(index);
      if (isWanted(point)) yield point;
    } else for (const point of expander.expand(index)) if (isWanted(point)) yield point;
  }
}

const always = (): true => true;
