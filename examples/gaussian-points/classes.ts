import { InvalidPayloadError, Persistable } from "persistable-ts";
import { estimatorFormat } from "./estimator-format.ts";
import { OutlierEstimator } from "./outlier-estimator.ts";
import { randomPoints } from "./random-points.ts";

export class GaussianPoints extends Persistable<Float64Array, { n: number; randomState: number }> {
  static override readonly payloadName = "gaussian_points";
  protected override generatePayload(): Promise<Float64Array> {
    return randomPoints(this.params.randomState, this.params.n);
  }

  protected override validatePayload(points: Float64Array): void {
    const { n } = this.params;
    if (points.length !== n) throw new InvalidPayloadError(`expected ${n} points, got ${points.length}`);
    if (!points.every((point) => point >= 0 && point < 1))
      throw new InvalidPayloadError("a point is not within 0 and 1");
  }
}

/**
 * A class of its own name in the module would be the payload's; this one says its payload's name
 * itself.
 */
export class PersistableOutlierEstimator extends Persistable<
  OutlierEstimator,
  { zThreshold: number },
  { points: GaussianPoints }
> {
  static override readonly payloadName = "outlier_estimator";
  static override readonly declaration = { format: estimatorFormat };

  protected override async generatePayload(): Promise<OutlierEstimator> {
    return OutlierEstimator.fit(await this.dependencies.points.payload, this.params.zThreshold);
  }
}
