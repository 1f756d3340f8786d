import { definePersistable, InvalidPayloadError } from "persistable-ts";
import { z } from "zod";
import { estimatorFormat } from "./estimator-format.ts";
import { OutlierEstimator } from "./outlier-estimator.ts";
import { randomPoints } from "./random-points.ts";

/** The name is that of the Python original, whose points are in truth uniform. */
export const gaussianPoints = definePersistable({
  name: "gaussian_points",
  params: z.object({ n: z.int().positive(), randomState: z.int().nonnegative().default(100) }),
  generate: ({ params }) => randomPoints(params.randomState, params.n),
  validate: (points, { params }) => {
    if (points.length !== params.n) throw new InvalidPayloadError(`expected ${params.n} points, got ${points.length}`);
    if (!points.every((point) => point >= 0 && point < 1))
      throw new InvalidPayloadError("a point is not within 0 and 1");
  },
});

export const outlierEstimator = definePersistable({
  name: "outlier_estimator",
  params: z.object({ zThreshold: z.number().positive() }),
  dependencies: { points: gaussianPoints },
  generate: async ({ params, dependencies }) =>
    OutlierEstimator.fit(await dependencies.points.payload, params.zThreshold),
  format: estimatorFormat,
});
