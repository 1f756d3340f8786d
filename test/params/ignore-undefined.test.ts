import { expect, test } from "vitest";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";

type Options = { readonly options: unknown };

const ignoring = definePersistable({
  name: "ignoring_undefined",
  params: typedParams<Options>(),
  ignoreUndefined: true,
  generate: ({ params }) => Object.keys(Object(params.options)),
});
const counting = definePersistable({ name: "ignoring_undefined", params: typedParams<Options>(), generate: () => [] });

const shared = { x: 1, y: undefined };
const cases: readonly (readonly [given: unknown, same: unknown])[] = [
  [{ a: 1, b: undefined }, { a: 1 }],
  [{ a: { b: undefined } }, { a: {} }],
  [
    [{ a: undefined }, undefined, 1],
    [{}, undefined, 1],
  ],
  [
    { one: shared, other: shared },
    { one: { x: 1 }, other: { x: 1 } },
  ],
  [JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  [Object.assign(Object.create(null), { a: undefined }), {}],
];

test("nested properties that are undefined count as left out where a definition says so", () => {
  for (const [given, same] of cases) {
    const { address } = ignoring({ options: given });
    expect(address).toBe(ignoring({ options: same }).address);
    expect(address).toBe(counting({ options: same }).address);
  }
  expect(counting({ options: { a: undefined } }).address).not.toBe(counting({ options: {} }).address);
  expect(ignoring({ options: [undefined] }).address).not.toBe(ignoring({ options: [] }).address);
  expect(ignoring({ options: { a: null } }).address).not.toBe(ignoring({ options: {} }).address);
});

test("the generator does not see them, and what the caller gave stays as it is", async () => {
  const options = { a: 1, b: undefined };
  expect(await ignoring({ options }, { dataDir: memoryStore() }).payload).toEqual(["a"]);
  expect(Object.keys(options)).toEqual(["a", "b"]);
});

test("what a recipe refuses is still refused", () => {
  const cyclic: Record<string, unknown> = { a: undefined };
  cyclic.self = cyclic;
  const holed = [1];
  holed[2] = 2;
  const refused = [
    cyclic,
    { a: undefined, [Symbol("s")]: 1 },
    {
      a: undefined,
      get b() {
        return 1;
      },
    },
    Object.defineProperty({ a: undefined }, "hidden", { value: 1 }),
    new Proxy({ a: undefined }, {}),
    Object.assign([1], { extra: undefined }),
    holed,
  ];
  for (const options of refused) {
    const [one, other] = [counting, ignoring].map((define) => {
      try {
        return define({ options }).address;
      } catch (error) {
        return error instanceof Error && error.name;
      }
    });
    expect(other).toBe(one);
  }
});

test("a map ignores them in its items and params", async () => {
  let paid = 0;
  const map = persistableMap({
    name: "ignoring_items",
    params: typedParams<Options>(),
    ignoreUndefined: true,
    item: (item: { readonly a: number; readonly b?: number | undefined }) => item,
    generateBatch: ({ items }) => {
      paid += items.length;
      return items.map(({ a }) => a);
    },
  });
  const dataDir = memoryStore();
  await map({ options: { x: undefined } }, { dataDir }).load([{ a: 1 }, { a: 2, b: undefined }]);
  expect(await map({ options: {} }, { dataDir }).load([{ a: 1, b: undefined }, { a: 2 }])).toEqual([1, 2]);
  expect(paid).toBe(2);
});
