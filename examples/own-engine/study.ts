import { definePersistable, typedParams } from "persistable-ts";

export const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => Array.from({ length: params.n }, (_, i) => i * i),
});

export const total = definePersistable({
  name: "total",
  params: typedParams<{ factor: number }>(),
  dependencies: { points },
  generate: async ({ params, dependencies }) =>
    (await dependencies.points.payload).reduce((sum, each) => sum + each, 0) * params.factor,
});
