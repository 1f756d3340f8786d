import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import type { PersistableOptions } from "../../persistable/persistable.ts";
import type { CompiledGrid } from "./compile-grid.ts";
import type { GridPath, Point } from "./grid.ts";

/** How a grid is gone through. */
export interface SweepOptions<Tree> extends Omit<PersistableOptions, "draw"> {
  /** Axes that move together, by their dotted paths: `[["zThreshold", "points.n"]]`. They have equally many values. */
  readonly zip?: readonly (readonly GridPath<Tree>[])[] | undefined;
  /** Keeps the points for which it is true. */
  readonly where?: ((point: Point<Tree>) => boolean) | undefined;
  /** Random points in the place of all. */
  readonly sample?: SampleOptions | undefined;
  /** How many draws of each point; without it, draw 0 alone. */
  readonly draws?: number | undefined;
}

/** Which random points: none twice, and the same ones for the same seed on every machine. A larger count adds points and changes none. */
export interface SampleOptions {
  /** At most how many; fewer where the grid has fewer. */
  readonly count: number;
  readonly seed: number;
}

/** @throws {@link InvalidSweepError} */
export function assertSweepOptions(
  { sample, draws = 1 }: Pick<SweepOptions<never>, "sample" | "draws">,
  { size, continuousPath }: Pick<CompiledGrid, "size" | "continuousPath">,
): void {
  if (continuousPath !== undefined && sample === undefined) throw rangeWithoutSample(continuousPath);
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new InvalidSweepError("draws", `${draws} is no number of draws`, "Give a whole number from 1.");
  const points = sample === undefined ? size : sample.count;
  if (points * draws > Number.MAX_SAFE_INTEGER)
    throw new InvalidSweepError("draws", `${points} points with ${draws} draws each cannot be counted`, "Give fewer.");
  if (sample === undefined) return;
  if (!Number.isSafeInteger(sample.count) || sample.count < 1)
    throw new InvalidSweepError(
      "sample.count",
      `${sample.count} is no number of points`,
      "Give a whole number from 1.",
    );
  if (!Number.isSafeInteger(sample.seed))
    throw new InvalidSweepError("sample.seed", `${sample.seed} is no seed`, "Give a whole number.");
}

/** A range has no points of its own. */
export function rangeWithoutSample(path: string): InvalidSweepError {
  return new InvalidSweepError(
    path,
    "is a range to draw from, which has no points of its own",
    "Give sample: { count, seed }, or an axis: linear(from, to, count).",
  );
}
