import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";

/** A cast is a claim that no compiler checks. Lower this number after removing some. */
const MOST_CASTS = 227;

const src = new URL("../src/", import.meta.url);

function countCasts(source: string): number {
  let count = 0;
  const visit = (node: ts.Node): void => {
    if ((ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && !ts.isConstTypeReference(node.type))
      count += 1;
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true));
  return count;
}

test("casts are counted, and neither `as const` nor words in texts and comments", () => {
  expect(countCasts('const a = b as unknown as C; const d = <E>f; /* as G */ const h = "i as J";')).toBe(3);
  expect(countCasts("const a = [1] as const; const b = <const>[2]; import { c as d } from 'e'; f satisfies G;")).toBe(
    0,
  );
});

test("the source has no more casts than before", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const casts = files.map((name) => countCasts(readFileSync(new URL(name.replaceAll("\\", "/"), src), "utf8")));
  expect(files.length).toBeGreaterThan(100);
  expect(casts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(MOST_CASTS);
});
