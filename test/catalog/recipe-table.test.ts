import { expect, test } from "vitest";
import type { Cell } from "../../src/catalog/recipe-cells.ts";
import { RecipeTable } from "../../src/catalog/recipe-table.ts";
import { SeededRandom } from "../../src/pipeline/sweep/seeded-random.ts";

const ROWS = 4000;
const TARGETS = 120;

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

function differences(one: readonly Cell[], other: readonly Cell[]): number {
  const theirs = new Map(other.map(({ column, value }) => [column, value]));
  const mine = new Set(one.map(({ column }) => column));
  const differing = one.filter(({ column, value, isOptional }) =>
    theirs.has(column) ? theirs.get(column) !== value : !isOptional,
  );
  return differing.length + other.filter(({ column }) => !mine.has(column)).length;
}

function filled(recipes: readonly (readonly Cell[])[]): RecipeTable {
  const table = new RecipeTable();
  for (const [row, cells] of recipes.entries()) table.add(cells, row);
  return table;
}

test.each([1, 2, 3])("no row is nearer than the nearest one, compared with all of them (seed %i)", (seed) => {
  const random = new SeededRandom(seed);
  const recipes = Array.from({ length: ROWS }, () => randomRecipe(random, 12));
  const table = filled(recipes);
  for (let index = 0; index < TARGETS; index++) {
    // Values beyond those of the rows, parts that no row has, and one that may be absent.
    const cells = randomRecipe(random, 16);
    if (index % 5 === 0) cells.push({ column: "new", value: 1, isOptional: index % 10 === 0 });
    if (index % 7 === 0) cells.splice(0, 1, ...cells.slice(0, 1).map((cell) => ({ ...cell, isOptional: true })));
    const excluded = random.nextWord() % ROWS;
    const { rows, compared } = table.nearest({ cells, limit: 1, isExcluded: (row) => row === excluded });
    const distances = recipes.map((recipe) => differences(cells, recipe));
    distances[excluded] = Number.POSITIVE_INFINITY;
    expect(compared).toBe(ROWS);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toBe(excluded);
    expect(rows[0]?.differences).toBe(Math.min(...distances));
    expect(distances[rows[0]?.row ?? -1]).toBe(rows[0]?.differences);
  }
});

test("several rows come with the fewest differences first, then the closest numbers, then the latest", () => {
  const row = (a: number, b: number): Cell[] => [
    { column: "a", value: a, isOptional: false },
    { column: "b", value: b, isOptional: false },
  ];
  const table = filled([row(1, 1), row(100, 1), row(4, 1), row(6, 1), row(5, 2), row(9, 9)]);
  const { rows } = table.nearest({ cells: row(5, 1), limit: 5, isExcluded: () => false });
  // Shares of the larger number: 6 and 5 differ by a sixth, 4 by a fifth, 2 and 1 by a half.
  expect(rows.map(({ row }) => row)).toEqual([3, 2, 4, 0, 1]);
  expect(rows.map(({ differences }) => differences)).toEqual([1, 1, 1, 1, 1]);
});

test("rows that are added later are found as well", () => {
  const random = new SeededRandom(9);
  const recipes = Array.from({ length: ROWS }, () => randomRecipe(random, 50));
  const table = filled(recipes);
  const wanted: Cell[] = [{ column: "late", value: 7, isOptional: false }];
  const query = { cells: wanted, limit: 1, isExcluded: () => false };
  expect(table.nearest(query).rows[0]?.differences).toBeGreaterThan(0);
  const row = table.add(wanted, ROWS);
  expect(table.nearest(query).rows).toEqual([{ row, differences: 0 }]);
});
