import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import type { CompiledGrid } from "./compile-grid.ts";
import { GridExpander } from "./expand-grid.ts";
import { createPermutation } from "./permutation.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Subtree } from "./subtree.ts";
import type { SampleOptions } from "./sweep-options.ts";

/** The number of points in a row that `where` may refuse, if a range always gives further ones. */
const MAX_REFUSED = 100_000;

/**
 * Gives random points of a grid, none twice. It goes through all combinations of axes in random
 * order, round after round. In each round, each combination gives one more of the points that its
 * functions and ranges make of it.
 */
export function* sampleGrid(
  grid: CompiledGrid,
  { count, seed }: SampleOptions,
  isWanted: (point: Subtree) => boolean,
): Generator<Subtree, void, undefined> {
  let given = 0;
  let refused = 0;
  for (const { point, isEndless } of randomPoints(grid, seed)) {
    if (isWanted(point)) {
      yield point;
      refused = 0;
      if (++given === count) return;
    } else if (isEndless && ++refused === MAX_REFUSED) {
      throw new InvalidSweepError(
        "where",
        `refused ${refused} random points in a row`,
        "Draw from narrower ranges, or give a sample of fewer points.",
      );
    }
  }
}

interface RandomPoint {
  readonly point: Subtree;
  /** Whether its combination of axes has unlimited points, since it draws from a range. */
  readonly isEndless: boolean;
}

function* randomPoints(grid: CompiledGrid, seed: number): Generator<RandomPoint, void, undefined> {
  const expander = new GridExpander(grid);
  let rounds = 1;
  for (let round = 0; round < rounds; round++) {
    const indexAt = createPermutation(grid.size, seed, round, 0);
    for (let place = 0; place < grid.size; place++) {
      const index = indexAt(place);
      if (grid.root.isStatic) {
        yield { point: expander.pointAt(index), isEndless: false };
        continue;
      }
      const points = [...expander.expand(index, new SeededRandom(seed, round, index, 1))];
      const isEndless = expander.drew;
      rounds = Math.max(rounds, isEndless ? Number.POSITIVE_INFINITY : points.length);
      if (round >= points.length && !isEndless) continue;
      const order = createPermutation(points.length, seed, index, 2);
      const point = points[order(round % points.length)];
      if (point !== undefined) yield { point, isEndless };
    }
  }
}
