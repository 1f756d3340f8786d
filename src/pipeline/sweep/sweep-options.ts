import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import type { PersistableOptions } from "../../persistable/persistable.ts";
import type { CompiledGrid } from "./compile-grid.ts";
import type { GridPath, Point } from "./grid.ts";

/** The options of `sweep`; those of persistables hold for all that it builds. */
export interface SweepOptions<Tree> extends Omit<PersistableOptions, "draw"> {
  /**
   * Axes that move together, by their dotted paths: `[["zThreshold", "points.n"]]`. Such axes must
   * have equally many values.
   */
  readonly zip?: readonly (readonly GridPath<Tree>[])[] | undefined;
  /** Keeps only the points for which it returns true. */
  readonly where?: ((point: Point<Tree>) => boolean) | undefined;
  /** Takes random points instead of all points. */
  readonly sample?: SampleOptions | undefined;
  /** The number of draws of each point. By default, each point has draw 0 alone. */
  readonly draws?: number | undefined;
}

/**
 * The choice of random points. No point comes twice, and the same seed gives the same points on
 * every machine. A larger count adds points and keeps the others.
 */
export interface SampleOptions {
  /** The number of points; there are fewer if the grid has fewer. */
  readonly count: number;
  /** A whole number that decides which points are taken. */
  readonly seed: number;
}

/** @throws {@link InvalidSweepError} if the options are not valid, or do not fit the grid */
export function assertSweepOptions(
  { sample, draws = 1 }: Pick<SweepOptions<never>, "sample" | "draws">,
  { size, continuousPath }: Pick<CompiledGrid, "size" | "continuousPath">,
): void {
  if (continuousPath !== undefined && sample === undefined) throw rangeWithoutSample(continuousPath);
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new InvalidSweepError("draws", `${draws} is not a number of draws`, "Give a whole number from 1.");
  const points = sample === undefined ? size : sample.count;
  if (points * draws > Number.MAX_SAFE_INTEGER)
    throw new InvalidSweepError("draws", `${points} points with ${draws} draws each cannot be counted`, "Give fewer.");
  if (sample === undefined) return;
  if (!Number.isSafeInteger(sample.count) || sample.count < 1)
    throw new InvalidSweepError(
      "sample.count",
      `${sample.count} is not a number of points`,
      "Give a whole number from 1.",
    );
  if (!Number.isSafeInteger(sample.seed))
    throw new InvalidSweepError("sample.seed", `${sample.seed} is not a seed`, "Give a whole number.");
}

/** The error for a range in a grid that is not sampled. */
export function rangeWithoutSample(path: string): InvalidSweepError {
  return new InvalidSweepError(
    path,
    "is a range to draw from, which has no points of its own",
    "Give sample: { count, seed }, or an axis: linear(from, to, count).",
  );
}
