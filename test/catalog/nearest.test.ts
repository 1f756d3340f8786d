import { expect, test } from "vitest";
import { parseAddress } from "../../src/address/address-of.ts";
import { EntryColumns } from "../../src/catalog/columns/entry-columns.ts";
import { numericDistance } from "../../src/catalog/nearest/numeric-distance.ts";
import { RecipeTable } from "../../src/catalog/nearest/recipe-table.ts";
import { type Cell, countDifferences } from "../../src/catalog/recipe-cells.ts";
import { SeededRandom } from "../../src/pipeline/sweep/seeded-random.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";

const ROWS = Number(process.env.PERSISTABLE_TEST_NEAREST_ROWS ?? 3000);
const TARGETS = Number(process.env.PERSISTABLE_TEST_NEAREST_TARGETS ?? 120);

/** Makes a recipe of up to five parts, of few values, so that some recipes are equally near. */
function randomRecipe(random: SeededRandom, values: number): Cell[] {
  const cells: Cell[] = [];
  for (const column of ["a", "b", "c", "d", "e"]) {
    if (random.nextWord() % 8 === 0) continue;
    const value = random.nextWord() % values;
    cells.push({ column, value: column === "e" ? `"${value}` : value, isOptional: false });
  }
  return cells;
}

function tableOf(recipes: readonly (readonly Cell[])[]) {
  const columns = new EntryColumns("points");
  const add = (cells: readonly Cell[]): number => {
    const row = columns.addresses.count;
    return columns.addRecipe(parseAddress(sha256Hex(String(row))), cells, {
      createdAt: new Date(row * 1000).toISOString(),
    });
  };
  for (const cells of recipes) add(cells);
  return { table: new RecipeTable(columns), add };
}

/** How far apart the numbers of two recipes are; 1 for each other part that differs. */
function distance(one: readonly Cell[], other: readonly Cell[]): number {
  let sum = 0;
  for (const column of ["a", "b", "c", "d", "e", "new"]) {
    const [mine, theirs] = [one, other].map((cells) => cells.find((cell) => cell.column === column)?.value);
    if (mine === theirs) continue;
    sum += typeof mine === "number" && typeof theirs === "number" ? numericDistance(mine, theirs) : 1;
  }
  return sum;
}

test.each([1, 2, 3])("the nearest row is the one that a comparison with all of them finds (seed %i)", (seed) => {
  const random = new SeededRandom(seed);
  const recipes = Array.from({ length: ROWS }, () => randomRecipe(random, 12));
  const { table } = tableOf(recipes);
  for (let index = 0; index < TARGETS; index++) {
    // Values beyond those of the rows, parts that no row has, and one that may be absent.
    const cells = randomRecipe(random, 16);
    if (index % 5 === 0) cells.push({ column: "new", value: 1, isOptional: index % 10 === 0 });
    if (index % 7 === 0) cells.splice(0, 1, ...cells.slice(0, 1).map((cell) => ({ ...cell, isOptional: true })));
    const excluded = random.nextWord() % ROWS;
    const { rows, compared } = table.nearest({ cells, limit: 1, isExcluded: (row) => row === excluded });
    const differences = recipes.map((recipe) => countDifferences(cells, recipe));
    differences[excluded] = Number.POSITIVE_INFINITY;
    const [found = { row: -1, differences: -1 }] = rows;
    expect(compared).toBe(ROWS);
    expect(rows).toHaveLength(1);
    expect(found.row).not.toBe(excluded);
    expect(found.differences).toBe(Math.min(...differences));
    expect(differences[found.row]).toBe(found.differences);
    const nearer = recipes.filter(
      (recipe, row) =>
        differences[row] === found.differences && distance(cells, recipe) < distance(cells, recipes[found.row] ?? []),
    );
    expect(nearer).toEqual([]);
  }
});

test("of very many rows that differ in one number, the closest one is found, and the newest of equally close ones", () => {
  const random = new SeededRandom(4);
  const recipe = (seed: number | string): Cell[] => [
    { column: "n", value: 100, isOptional: false },
    { column: "seed", value: seed, isOptional: false },
  ];
  const seeds = Array.from({ length: ROWS }, (_, index) =>
    index % 10 === 0 ? `"${index}` : random.nextWord() - 2 ** 31,
  );
  const { table, add } = tableOf(seeds.map(recipe));
  for (let index = 0; index < TARGETS; index++) {
    const wanted = random.nextWord() - 2 ** 31 + 0.5;
    const excluded = random.nextWord() % seeds.length;
    const [found] = table.nearest({ cells: recipe(wanted), limit: 1, isExcluded: (row) => row === excluded }).rows;
    const distances = seeds.map((seed, row) =>
      row === excluded ? Number.POSITIVE_INFINITY : typeof seed === "number" ? numericDistance(wanted, seed) : 1,
    );
    expect(found).toEqual({ row: distances.lastIndexOf(Math.min(...distances)), differences: 1 });
    if (index % 3 !== 0) continue;
    seeds.push(wanted + index - 20);
    add(recipe(wanted + index - 20));
  }
});

test("several rows come with the fewest differences first, then the closest numbers, then the latest", () => {
  const row = (a: number, b: number): Cell[] => [
    { column: "a", value: a, isOptional: false },
    { column: "b", value: b, isOptional: false },
  ];
  const { table } = tableOf([row(1, 1), row(100, 1), row(4, 1), row(6, 1), row(5, 2), row(9, 9)]);
  const { rows } = table.nearest({ cells: row(5, 1), limit: 5, isExcluded: () => false });
  // Shares of the larger number: 6 and 5 differ by a sixth, 4 by a fifth, 2 and 1 by a half.
  expect(rows.map(({ row }) => row)).toEqual([3, 2, 4, 0, 1]);
  expect(rows.map(({ differences }) => differences)).toEqual([1, 1, 1, 1, 1]);
});

test("rows that are added later are found as well", () => {
  const random = new SeededRandom(9);
  const { table, add } = tableOf(Array.from({ length: ROWS }, () => randomRecipe(random, 50)));
  const wanted: Cell[] = [{ column: "late", value: 7, isOptional: false }];
  const query = { cells: wanted, limit: 1, isExcluded: () => false };
  expect(table.nearest(query).rows[0]?.differences).toBeGreaterThan(0);
  const row = add(wanted);
  expect(table.nearest(query).rows).toEqual([{ row, differences: 0 }]);
});
