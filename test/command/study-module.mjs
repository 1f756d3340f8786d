import { definePersistable, Persistable, typedParams } from "persistable-ts";
import { table } from "persistable-ts/formats/table";
import { sweep } from "persistable-ts/pipeline";
import { ColumnTable } from "persistable-ts/table";
import { z } from "zod";

export const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int().positive(), randomState: z.int().default(100) }),
  generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => (i * params.randomState) % 7),
});

export const outlierEstimator = definePersistable({
  name: "outlier_estimator",
  params: z.object({
    zThreshold: z.number(),
    weighting: z.enum(["none", "tukey"]).default("none"),
    label: z.string().optional(),
    flags: z.object({ fast: z.boolean(), deep: z.boolean().default(false) }).optional(),
    layers: z.array(z.int()).optional(),
  }),
  dependencies: { points },
  generate: async ({ params, dependencies }) => {
    if (params.label === "\u001b[31mred") throw new Error("no \u001b[31mcolour");
    if (params.zThreshold > 90) throw new RangeError(`a threshold of ${params.zThreshold} is too high`);
    const values = await dependencies.points.payload;
    return { outliers: values.filter((value) => value > params.zThreshold).length };
  },
  summarize: ({ outliers }) => ({ outliers }),
});

const again = (name, aliases) =>
  definePersistable({
    name,
    aliases,
    params: z.object({ n: z.int().positive(), randomState: z.int().default(100) }),
    generate: () => 0,
  });
export const dots = again("dots", ["points"]);
export const spots = again("spots", []);

export const anything = definePersistable({
  name: "anything",
  params: typedParams(),
  generate: ({ params }) => params,
});

export class Letters extends Persistable {
  static payloadName = "letters";
  generatePayload() {
    return "abc".repeat(this.params.times);
  }
}

export const study = sweep(points, { n: [1, 2] }, { dataDir: process.env.STUDY_DATA_DIR });

export const rows = definePersistable({
  name: "rows",
  generate: () => [
    { id: 1, text: "a" },
    { id: 2, text: "b,c" },
    { id: 3, text: "d" },
  ],
});

/** Big enough for several digests: a part can be read without the rest. */
export const big = definePersistable({
  name: "big",
  format: table({ columns: true }),
  generate: () => {
    const x = Float64Array.from({ length: 1_200_000 }, (_, i) => i);
    const columns = [
      { name: "x", type: "float64", values: x },
      { name: "y", type: "float64", values: x.map((value) => -value) },
    ];
    return new ColumnTable(columns, x.length);
  },
});

export const measure = ({ outliers }) => ({ doubled: outliers * 2 });
