import { expect, test } from "vitest";
import {
  collectOrphans,
  DefinitionError,
  definePersistable,
  memoryStore,
  Persistable,
  persistFunction,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";
import { collect, persistableMap, plan, run, sweep } from "../../src/entry/pipeline.ts";

/** Mistakes that the compiler finds, as users of plain JavaScript make them. */
const js = <Value>(value: Value): never => value as never;

const points = definePersistable({ name: "points", params: typedParams<{ n: number }>(), generate: () => 1 });
const dataDir = memoryStore();
const map = persistableMap({ name: "map", item: (item: string) => item, generateBatch: ({ items }) => items });

const NoGenerator = class extends (Persistable as unknown as new () => object) {
  static readonly payloadName = "no_generator";
};

class Classy extends Persistable<number> {
  static override readonly payloadName = "classy";
  protected override generatePayload(): number {
    return 1;
  }
}

const foreign = Object.assign(Object.create({ [Symbol.for("persistable-ts.wrapper")]: "untracked" }), { value: 1 });

test.each<[string, () => unknown, RegExp]>([
  ["no generate", () => definePersistable(js({ name: "x" })), /x has no generate\. Give a function/],
  [
    "a generate that is not one",
    () => definePersistable(js({ name: "x", generate: 1 })),
    /x has a number as its generate/,
  ],
  [
    "an option that is misspelt",
    () => definePersistable(js({ name: "x", generate: () => 1, maxage: 5 })),
    /x has an option "maxage", which is not known\. There are .*, maxAge, /,
  ],
  [
    "an option of a definition, given to a map",
    () => persistableMap(js({ name: "x", item: (n: number) => n, generateBatch: () => [], worker: true })),
    /x has an option "worker", which is not known\. There are batchSize, /,
  ],
  [
    "a misspelt option of a function",
    () => persistFunction(() => 1, js({ name: "x", datadir: "data" })),
    /x has an option "datadir", which is not known/,
  ],
  [
    "values as params",
    () => definePersistable(js({ name: "x", params: { n: 1 }, generate: () => 1 })),
    /x has an object as its params, and not a schema\. .*typedParams/,
  ],
  [
    "null as params",
    () => definePersistable(js({ name: "x", params: null, generate: () => 1 })),
    /x has null as its params/,
  ],
  [
    "a class with values as its schema",
    () => {
      class Wrong extends Persistable<number> {
        static override readonly payloadName = "wrong";
        static override readonly paramsSchema = js({ n: 1 });
        protected override generatePayload(): number {
          return 1;
        }
      }
      return new Wrong();
    },
    /wrong has an object as its params/,
  ],
  ["a class without generatePayload", () => new NoGenerator(), /has no generatePayload/],
  [
    "a persistable where a definition is declared",
    () => definePersistable(js({ name: "x", dependencies: { points: points({ n: 1 }) }, generate: () => 1 }))(js({})),
    /The dependency "points" of x is declared as a persistable that is already built\. Declare its definition/,
  ],
  [
    "an array where a definition is declared",
    () => definePersistable(js({ name: "x", dependencies: { points: [] }, generate: () => 1 }))(js({})),
    /"points" of x is declared as an array/,
  ],
  [
    "a map that is already built, as a declaration",
    () => definePersistable(js({ name: "x", dependencies: { map: map() }, generate: () => 1 }))(js({ map: {} })),
    /The dependency "map" of x is declared as a persistable that is already built/,
  ],
  ["no item", () => persistableMap(js({ name: "m", generateBatch: () => [] })), /m has no item/],
  ["no generateBatch", () => persistableMap(js({ name: "m", item: () => 1 })), /m has no generateBatch/],
  ["a definition to run", () => run(js(points)), /is a definition.*Call it with its params first/],
  ["a definition to plan", () => plan(js(points)), /is a definition/],
  ["a definition to collect", () => collect(js(points)), /is a definition/],
  [
    "a definition in a list",
    () => plan(js([points])),
    /the definition of points, and not a persistable\. .*call the definition with params first/,
  ],
  ["nothing to plan", () => plan(js(undefined)), /What was given is undefined/],
  ["a number to run", () => run(js(7)), /What was given is a number/],
  ["an object to run", () => run(js({})), /What was given is an object/],
  ["a class to sweep", () => sweep(js(Classy), js({})), /Classy is a class/],
  ["an object to sweep", () => sweep(js({}), js({})), /is an object, and not a definition/],
  ["collectOrphans without a name", () => collectOrphans(dataDir, js(undefined)), /was given no name/],
  ["untracked() of another copy", () => points(js({ n: foreign })), /wrapped by untracked\(…\) of another copy/],
  ["untracked() inside a value", () => points(js({ n: [untracked(1)] })), /top level of params/],
])("%s is refused in words", async (_, work, message) => {
  const error: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (failure: unknown) => failure,
    );
  expect((error as Error | undefined)?.message).toMatch(message);
  if (!/top level/.test(message.source)) expect(error).toBeInstanceOf(DefinitionError);
  expect((error as Error).message).not.toMatch(/\ba object\b|\ba undefined\b/);
});
