import { defineClass, structured } from "persistable-ts";
import { OutlierEstimator } from "./outlier-estimator.ts";

/**
 * The payload is an instance of a class: this says what of it is written down, and what makes an
 * instance again.
 */
export const estimatorFormat = structured({
  classes: [
    defineClass(OutlierEstimator, {
      encode: ({ mean, standardDeviation, zThreshold }) => ({ mean, standardDeviation, zThreshold }),
      decode: ({ mean, standardDeviation, zThreshold }) => new OutlierEstimator(mean, standardDeviation, zThreshold),
    }),
  ],
});
