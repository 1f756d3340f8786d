import { pairwiseSum } from "./pairwise-sum.ts";

/**
 * Knows the mean and the standard deviation of some points, and tells which values lie far from
 * them.
 */
export class OutlierEstimator {
  readonly mean: number;
  readonly standardDeviation: number;
  readonly zThreshold: number;

  constructor(mean: number, standardDeviation: number, zThreshold: number) {
    this.mean = mean;
    this.standardDeviation = standardDeviation;
    this.zThreshold = zThreshold;
  }

  /**
   * The estimator of these points, with the population's standard deviation, as `numpy.std` has it.
   */
  static fit(points: Float64Array, zThreshold: number): OutlierEstimator {
    const mean = pairwiseSum(points) / points.length;
    const squares = points.map((point) => (point - mean) * (point - mean));
    return new OutlierEstimator(mean, Math.sqrt(pairwiseSum(squares) / points.length), zThreshold);
  }

  isOutlier(value: number): boolean {
    return Math.abs(value - this.mean) > this.zThreshold * this.standardDeviation;
  }
}
