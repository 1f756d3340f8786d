import { definePersistable, typedParams } from "../../src/entry/index.ts";

const estimatorOf = (text: string) =>
  definePersistable({
    name: "estimator",
    params: typedParams<{ n: number }>(),
    generate: new Function("{ params }", `return params.n + ${text};`) as () => number,
    onSourceChange: "error",
  });

/** The same payloads by two sources: an artifact of the first one is an error to the second one. */
export const estimatorBefore = estimatorOf("0");
export const estimatorToday = estimatorOf("1 - 1");
