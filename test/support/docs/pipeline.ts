/** The definitions that examples in the comments of the source import from `./pipeline.ts`. */

import { definePersistable, type Format, type Secret, typedParams, UnsupportedPayloadError } from "persistable-ts";
import { persistableMap, sweep } from "persistable-ts/pipeline";
import { z } from "zod";

export const gaussianPoints = definePersistable({
  name: "gaussian_points",
  params: z.object({ n: z.int().positive(), randomState: z.int().default(100) }),
  generate: ({ params }) => new Float64Array(params.n).fill(params.randomState),
  summarize: (points) => ({ mean: points.reduce((sum, point) => sum + point, 0) / points.length }),
});

export const outlierEstimator = definePersistable({
  name: "outlier_estimator",
  params: typedParams<{ zThreshold: number }>(),
  dependencies: { points: gaussianPoints },
  generate: async ({ params, dependencies }) => {
    const kept = (await dependencies.points.payload).filter((point) => Math.abs(point) < params.zThreshold);
    return { mean: kept.reduce((sum, point) => sum + point, 0) / kept.length };
  },
  summarize: ({ mean }) => ({ mean }),
});

export const points = gaussianPoints({ n: 100, randomState: 10 }, { dataDir: "example-data" });
export const estimator = outlierEstimator(
  { zThreshold: 2, points: { n: 100, randomState: 10 } },
  { dataDir: "example-data" },
);
export const study = sweep(
  outlierEstimator,
  { zThreshold: [1, 2, 3], points: { n: [10, 100], randomState: 10 } },
  { dataDir: "example-data" },
);

export const network = definePersistable({
  name: "network",
  params: typedParams<{ layers?: readonly number[]; rate?: number; dropout?: number; threads?: number }>(),
  generate: ({ params }) => ({ weights: new Float32Array(params.layers?.[0] ?? 64) }),
});

export const pages = definePersistable({
  name: "pages",
  params: typedParams<{ url: string; apiKey?: string | Secret }>(),
  generate: async ({ params }) => (await fetch(params.url)).text(),
});

export const chunks: readonly { readonly text: string; readonly page: number }[] = [
  { text: "Call me Ishmael.", page: 1 },
];
export const embeddings = persistableMap({
  name: "embeddings",
  params: typedParams<{ model: string }>(),
  item: (chunk: { readonly text: string; readonly page: number }) => chunk.text,
  generateBatch: ({ items }) => items.map(({ text }) => Float32Array.of(text.length)),
});

/** Text without small letters, as a format of one's own. */
export const upperCase: Format<string> = {
  id: "upper-case",
  extension: ".txt",
  inline: false,
  check(payload) {
    if (payload !== payload.toUpperCase())
      throw new UnsupportedPayloadError("upper-case", [], "has lower-case letters", "Use text().");
  },
  encode: (payload) => [new TextEncoder().encode(payload)],
  decode: (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
};
