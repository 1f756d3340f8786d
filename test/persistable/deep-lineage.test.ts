import { expect, test } from "vitest";
import {
  type AnyPersistable,
  DefinitionError,
  definePersistable,
  memoryStore,
  typedParams,
} from "../../src/entry/index.ts";
import { plan } from "../../src/entry/pipeline.ts";
import { triesAllCases } from "../support/chosen-cases.ts";

type Link = (tree?: object, options?: object) => AnyPersistable;

/** Definitions in a chain, each made from the one before. */
function chainOf(length: number): Link {
  let last = definePersistable({
    name: "link",
    params: typedParams<{ k?: number }>(),
    generate: ({ params }) => params.k ?? 0,
  }) as unknown as Link;
  for (let i = 1; i < length; i++) {
    last = definePersistable({
      name: "link",
      params: typedParams<{ k?: number }>(),
      dependencies: { before: last as never },
      generate: async ({ dependencies }) =>
        ((await (dependencies as unknown as { before: AnyPersistable }).before.payload) as number) + 1,
    }) as unknown as Link;
  }
  return last;
}

/** A params tree as deep as the chain is long. */
function treeOf(length: number): object {
  let tree: object = { k: 0 };
  for (let i = 1; i < length; i++) tree = { k: i, before: tree };
  return tree;
}

const LENGTH = triesAllCases ? 5_000 : 2_500;

test("a chain that is longer than the stack is built from one tree, with the addresses of one built link by link", () => {
  const whole = chainOf(LENGTH)(treeOf(LENGTH), { dataDir: memoryStore() });
  let link: AnyPersistable | undefined;
  for (let i = 0; i < LENGTH; i++) {
    const linkOf = chainOf(2);
    link = link === undefined ? chainOf(1)({ k: 0 }) : linkOf({ k: i, before: link });
  }
  expect(whole.address).toBe(link?.address);
});

test("a chain whose links are all left out is built from their defaults", () => {
  expect(() => chainOf(LENGTH)({}, { dataDir: memoryStore() }).address).not.toThrow();
});

test("a chain that is longer than the stack can be planned, and its params tree gives it back", async () => {
  const dataDir = memoryStore();
  const define = chainOf(LENGTH);
  const whole = define(treeOf(LENGTH), { dataDir });
  expect((await plan(whole)).nodes).toHaveLength(LENGTH);
  expect(define(whole.paramsTree, { dataDir }).address).toBe(whole.address);
});

test("a long chain is generated, and then loaded", async () => {
  const dataDir = memoryStore();
  const length = triesAllCases ? 1_500 : 300;
  const define = chainOf(length);
  expect(await define(treeOf(length), { dataDir }).payload).toBe(length - 1);
  expect(await define(treeOf(length), { dataDir }).isPersisted()).toBe(true);
});

test("a lattice that is left out is built once for each definition, and not once for each way through it", () => {
  let node = definePersistable({ name: "node", generate: () => 0 }) as unknown as Link;
  let built = 0;
  for (let i = 0; i < 40; i++) {
    const upstream = node as never;
    node = definePersistable({
      name: `node_${i}`,
      params: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value: unknown) => {
            built += 1;
            return { value: value as object };
          },
        },
      },
      dependencies: { left: upstream, right: upstream },
      generate: () => i,
    }) as unknown as Link;
  }
  node({}, { dataDir: memoryStore() });
  expect(built).toBe(40);
});

test("a mistake far up a long chain is reported by the name of the link that has it", () => {
  const broken = definePersistable({ name: "source", params: typedParams<{ k: number }>(), generate: () => 0 });
  let last = broken as unknown as Link;
  for (let i = 0; i < 400; i++) {
    last = definePersistable({
      name: `link_${i}`,
      dependencies: { before: last as never },
      generate: () => i,
    }) as unknown as Link;
  }
  let tree: object = { before: 7 };
  for (let i = 0; i < 399; i++) tree = { before: tree };
  expect(() => last(tree)).toThrow(/source was given a number\. Give its params tree/);
});

test("definitions that are upstream of each other are refused, however their tree is given", () => {
  const one: { definition?: Link } = {};
  const two = definePersistable({
    name: "two",
    params: typedParams<{ k?: number }>(),
    dependencies: {
      get one() {
        return one.definition as never;
      },
    },
    generate: () => 2,
  });
  one.definition = definePersistable({
    name: "one",
    params: typedParams<{ k?: number }>(),
    dependencies: { two: two as never },
    generate: () => 1,
  }) as unknown as Link;
  expect(() => (two as unknown as Link)({})).toThrow(DefinitionError);
  const endless: Record<string, unknown> = {};
  endless.one = { two: endless };
  expect(() => (two as unknown as Link)(endless)).toThrow(/is upstream of itself/);
});
