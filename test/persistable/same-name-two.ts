import { definePersistable, typedParams } from "../../src/entry/index.ts";

/** Shares its name with the definition of another module, by mistake. */
export const beta = definePersistable({
  name: "shared_name",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => `beta ${params.n}`,
});
