import { describe, expect, test } from "vitest";
import {
  type ArtifactRecord,
  definePersistable,
  fileStore,
  type MissReason,
  memoryStore,
  typedParams,
} from "../../src/entry/index.ts";
import { findNearest, plan } from "../../src/entry/pipeline.ts";
import { SeededRandom } from "../../src/pipeline/sweep/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeRecords } from "../support/write-records.ts";

const ARTIFACTS = Number(process.env.PERSISTABLE_TEST_NEAREST_ARTIFACTS ?? 1500);
const CASES = Number(process.env.PERSISTABLE_TEST_NEAREST_CASES ?? 30);

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; seed: number }>(),
  generate: ({ params }) => params.n,
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ z: number; kind: string; weights: readonly number[] }>(),
  dependencies: { points },
  generate: ({ params }) => params.z,
});
const logger = { debug() {}, info() {}, warn() {}, error() {} };

interface Recipe {
  readonly z: number;
  readonly kind: string;
  readonly weights: readonly number[];
  readonly points: { readonly n: number; readonly seed: number };
}

function randomRecipe(random: SeededRandom): Recipe {
  const below = (limit: number): number => random.nextWord() % limit;
  return {
    z: below(100_000) / 8,
    kind: `kind ${below(5000)}`,
    weights: [below(300), below(300)],
    points: { n: below(20_000), seed: below(5000) },
  };
}

/** One part of a recipe with a value that no other recipe has. */
const CHANGES: readonly { readonly path: string; readonly change: (recipe: Recipe, fresh: number) => Recipe }[] = [
  { path: "z", change: (recipe, fresh) => ({ ...recipe, z: -fresh }) },
  { path: "kind", change: (recipe, fresh) => ({ ...recipe, kind: `new ${fresh}` }) },
  { path: "weights", change: (recipe, fresh) => ({ ...recipe, weights: [fresh] }) },
  { path: "points.n", change: (recipe, fresh) => ({ ...recipe, points: { ...recipe.points, n: -fresh } }) },
  { path: "points.seed", change: (recipe, fresh) => ({ ...recipe, points: { ...recipe.points, seed: -fresh } }) },
];

function pathsOf(reason: MissReason | undefined): readonly string[] {
  if (reason === undefined || !("changes" in reason)) return [];
  return reason.changes.map(({ roles, key }) => [...roles, key].join("."));
}

describe("among very many artifacts", () => {
  test(`plan, log, explain and findNearest name the one change, ${CASES} of ${CASES} times`, async () => {
    await using folder = await temporaryFolder();
    const dataDir = fileStore(folder.path, { durable: false });
    const random = new SeededRandom(10);
    const recipes = Array.from({ length: ARTIFACTS }, () => randomRecipe(random));
    writeRecords(
      folder.path,
      recipes.map((recipe) => estimator(recipe, { dataDir })),
    );
    const cases = Array.from({ length: CASES }, (_, index) => {
      const origin = recipes[random.nextWord() % ARTIFACTS];
      const changed = CHANGES[index % CHANGES.length];
      if (origin === undefined || changed === undefined) throw new Error("There are recipes and changes.");
      return { path: changed.path, recipe: changed.change(origin, index + 1) };
    });
    const targets = cases.map(({ recipe }) => estimator(recipe, { dataDir, logger }));
    const { nodes } = await plan(targets);
    const planned = nodes.filter(({ isTarget }) => isTarget);
    expect(planned.map(({ reason }) => pathsOf(reason))).toEqual(cases.map(({ path }) => [path]));
    for (const [index, { path, recipe }] of cases.entries()) {
      const told: string[] = [];
      const onEvent = (event: { type: string; reason?: string }) => {
        if (event.type === "miss") told.push(String(event.reason));
      };
      if (index % 10 === 0) {
        const explanation = await targets[index]?.explain();
        expect(explanation?.state === "miss" ? pathsOf(explanation.reason) : []).toEqual([path]);
        const [nearest] = await findNearest(estimator(recipe, { dataDir }), { limit: 1 });
        expect(nearest?.changes.map(({ roles, key }) => [...roles, key].join("."))).toEqual([path]);
      }
      await estimator(recipe, { dataDir, logger, onEvent }).payload;
      expect(told[0]).toMatch(new RegExp(`^${path}(?:\\[\\d+\\])?: [^;]*, nearest artifact has [^;]*$`));
    }
  });

  test("an artifact that differs in one part is found behind many that differ in two", async () => {
    const dataDir = memoryStore();
    const both = definePersistable({
      name: "both",
      params: typedParams<{ x: number; y: number }>(),
      generate: ({ params }) => params.x,
    });
    for (let x = 0; x < 600; x++) await both({ x, y: x % 2 }, { dataDir, logger }).payload;
    const targets = Array.from({ length: 40 }, (_, index) => both({ x: 15 * index, y: (index % 2) + 10 }, { dataDir }));
    const { causes } = await plan(targets);
    expect(causes.map(({ key, count }) => [key, count])).toEqual([["y", 40]]);
  });
});

describe("of a store behind a network", () => {
  /** A store that can only be asked by calls that wait, as a bucket can. */
  function remote() {
    const store = memoryStore();
    return new Proxy(store, {
      get: (target, key) => {
        if (key === "sync" || key === "listFolder") return undefined;
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  test("a plan compares some records, and says of how many", async () => {
    const dataDir = remote();
    for (let n = 0; n < 300; n++) await points({ n, seed: 1 }, { dataDir, logger }).payload;
    const { nodes } = await plan(points({ n: -1, seed: 1 }, { dataDir }));
    expect(nodes[0]?.reason).toMatchObject({ nearest: { comparedRecords: 256, totalRecords: 300 } });
    expect(String(await plan(points({ n: -1, seed: 1 }, { dataDir })))).toContain(
      "the nearest of 256 compared of 300)",
    );
    const explanation = await points({ n: -1, seed: 1 }, { dataDir }).explain();
    expect(explanation).toMatchObject({ reason: { kind: "params-changed" } });
    expect(explanation).not.toHaveProperty("reason.nearest.comparedRecords");
  });
});

test("artifacts that are gone or damaged since they were read are no longer the nearest", async () => {
  const dataDir = memoryStore();
  for (const n of [10, 11, 50]) await points({ n, seed: 1 }, { dataDir }).payload;
  const wanted = points({ n: 12, seed: 1 }, { dataDir });
  const nearestOf = async () => (await findNearest(wanted, { limit: 1 }))[0]?.record as ArtifactRecord;
  const first = await nearestOf();
  expect(first.params.n).toBe(11);
  for await (const { path } of dataDir.list("points/"))
    if (path.includes(first.address)) await dataDir.replace(path, [new TextEncoder().encode("{}")]);
  const second = await nearestOf();
  expect(second.params.n).toBe(10);
  for await (const { path } of dataDir.list("points/")) if (path.includes(second.address)) await dataDir.remove(path);
  expect((await nearestOf()).params.n).toBe(50);
});

describe("a definition under another name", () => {
  test("is told the name under which the same params were generated", async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, logger };
    await estimator({ z: 1, kind: "a", weights: [1], points: { n: 1, seed: 1 } }, options).payload;
    const renamed = definePersistable({
      name: "Renamed estimator",
      params: typedParams<{ z: number; kind: string; weights: readonly number[] }>(),
      dependencies: { points },
      generate: ({ params }) => params.z,
    });
    const explanation = await renamed({ z: 1, kind: "a", weights: [1], points: { n: 1, seed: 1 } }, options).explain();
    expect(explanation).toMatchObject({ state: "miss", reason: { kind: "never-generated", formerName: "estimator" } });
    const other = await renamed({ z: 2, kind: "a", weights: [1], points: { n: 1, seed: 1 } }, options).explain();
    expect(other).toMatchObject({ reason: { kind: "never-generated" } });
    expect(other).not.toHaveProperty("reason.formerName");
    const told: string[] = [];
    const onEvent = (event: { type: string; reason?: string }) => {
      if (event.type === "miss") told.push(String(event.reason));
    };
    const tree = { z: 1, kind: "a", weights: [1], points: { n: 1, seed: 1 } };
    await renamed(tree, { ...options, onEvent }).payload;
    expect(told).toEqual([
      'never generated under this name, and the same params were as "estimator": aliases: ["estimator"] in the definition finds them',
    ]);
    const again = definePersistable({
      name: "again",
      params: typedParams<{ z: number; kind: string; weights: readonly number[] }>(),
      dependencies: { points },
      generate: ({ params }) => params.z,
    });
    const found = await again(tree, options).explain();
    const formerName = found.state === "miss" && "formerName" in found.reason ? found.reason.formerName : undefined;
    expect(["estimator", "Renamed estimator"]).toContain(formerName);
  });
});
