import { describe, expect, test } from "vitest";
import { findUnclearProse } from "../scripts/find-unclear-prose.mjs";

function problemsIn(text: string, path = "planted.ts"): string[] {
  return findUnclearProse(path, text).map(({ line, problem }) => `${line}: ${problem}`);
}

describe("unclear prose", () => {
  test.each([
    ["is no", "// The file is no array.\n", '1: "is no": better "not a"'],
    [
      "an unnamed actor",
      "// Retry it if somebody holds it.\n",
      '1: "somebody": better the actor: the owner, the caller, a process',
    ],
    ["so many", "const rows = 1; // after so many rows\n", '1: "so many": better the number by its name'],
    [
      "in the place of",
      "/** Put in the place of the file. */\n",
      '1: "in the place of": better "instead of" or "replaces"',
    ],
  ])("finds the words %s in a comment", (_, text, problem) => {
    expect(problemsIn(text)).toEqual([problem]);
  });

  test("leaves plain uses of the same words alone", () => {
    expect(problemsIn("// There is no file, it is no longer read, and it makes amends.\n")).toEqual([]);
  });

  test("finds words in messages and templates, at their line", () => {
    const text = "const a = 1;\nthrow new Error(`The file $" + "{a}\nis no list`);\n";
    expect(problemsIn(text)).toEqual(['3: "is no": better "not a"']);
  });

  test("takes no string for a comment, nor code in backticks for prose", () => {
    expect(problemsIn("const url = '//anew';\n// Call `mend` first.\n")).toEqual([]);
    expect(findUnclearProse("planted.ts", "const said = 'it is no list';\n", { strings: false })).toEqual([]);
  });

  test("finds comments between tokens and after template literals", () => {
    expect(problemsIn("f(`a$" + "{b /* anew */}c`, /* anew */ d);\n")).toHaveLength(2);
  });

  test("finds a doc comment without a subject, but not an ordinary one", () => {
    const [problem, ...others] = problemsIn(
      "/** Of all rows. */\nlet a = 1;\n/** Counts all rows. */\nlet b = 2;\n// Of all.\n",
    );
    expect(problem).toBe('1: the comment begins with "Of": begin with a subject');
    expect(others).toEqual([]);
  });

  test("finds a comment that only repeats the name below it", () => {
    const text =
      "interface A {\n  /** The size of the chunk. */\n  chunkSize: number;\n  /** In bytes. */\n  size: number;\n}\n";
    expect(problemsIn(text)).toEqual(['2: the comment only repeats the name "chunkSize": delete it']);
  });

  test("finds lines of comments beyond column 100, but lets addresses and code be", () => {
    const wide = `${"a ".repeat(50)}b`;
    expect(problemsIn(`/*\n * ${wide}\n */\nconst text = "${wide}";\n`)).toEqual([
      "2: the comment reaches column 104: at most 100",
    ]);
    expect(problemsIn(`/**\n * \`\`\`ts\n * ${wide}\n * \`\`\`\n */\n`)).toEqual([]);
    expect(problemsIn(`// https://example.org/${"a".repeat(100)}\n`)).toEqual([]);
  });

  test("reads Markdown without its code", () => {
    const page = "It is no list.\n\n```ts\n// anew\n```\n\nCall `anew`, then again anew.\n";
    expect(problemsIn(page, "page.md")).toEqual(['1: "is no": better "not a"', '7: "anew": better "again"']);
  });
});
