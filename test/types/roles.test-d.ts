import { expectTypeOf, test } from "vitest";
import { definePersistable, persistFunction, typedParams } from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";

const embeddings = persistableMap({
  name: "embeddings",
  params: typedParams<{ model: string }>(),
  item: (text: string) => text,
  generateBatch: ({ items }) => items.map(({ length }) => length),
});
const shout = persistFunction(async (text: string) => `${text}!`, { name: "shout" });

const index = definePersistable({
  name: "index",
  params: typedParams<{ k: number }>(),
  dependencies: { embeddings, shout },
  generate: async ({ dependencies }) => {
    expectTypeOf(dependencies.embeddings.load).parameter(0).toEqualTypeOf<Iterable<string>>();
    expectTypeOf(dependencies.shout("a")).toEqualTypeOf<Promise<string>>();
    // @ts-expect-error a map of texts has no numbers as items
    void dependencies.embeddings.load([1]);
    // @ts-expect-error the function takes a text
    void dependencies.shout(1);
    return dependencies.embeddings.load(["a"]);
  },
});

test("a map takes its params under its role, and a function takes none", () => {
  expectTypeOf(index).parameter(0).toHaveProperty("embeddings");
  expectTypeOf(index({ k: 1, embeddings: { model: "m" } }).payload).resolves.toEqualTypeOf<number[]>();
  expectTypeOf(index({ k: 1, embeddings: embeddings({ model: "m" }) }).payload).resolves.toEqualTypeOf<number[]>();
  // @ts-expect-error the params of the map are missing
  void (() => index({ k: 1 }));
  // @ts-expect-error the map has no such parameter
  void (() => index({ k: 1, embeddings: { modle: "m" } }));
  // @ts-expect-error a plain function has no payloads
  void (() => definePersistable({ name: "wrong", dependencies: { f: (n: number) => n }, generate: () => 1 }));
});
