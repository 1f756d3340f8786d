// @ts-check
// Checks the prose of comments, messages and pages: it prints file:line and the better word, and
// exits with 1. Folders in words-pending.txt are not done yet. The list may only shrink: a listed
// folder without findings fails too. With a folder as its argument, the script checks that folder
// alone, pending or not.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./bundle.mjs";
import { findUnclearProse } from "./find-unclear-prose.mjs";

const SOURCES = ["src", "test", "scripts", "benchmarks", "examples"];
const PAGES = ["docs", "decisions", "spec", "examples", "benchmarks"];
const FRONT = ["README", "ARCHITECTURE", "CONTRIBUTING", "GLOSSARY", "SECURITY"].map((page) => `${page}.md`);
/** The strings of these files are data: inputs of tests, and questions that are put to a search. */
const HOLDS_DATA = /^test\/|^examples\/search-study\/judgments\.ts$|^scripts\/demo\.mjs$/;

const pending = new Set(
  readFileSync(join(root, "scripts/words-pending.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#")),
);
const only = process.argv[2];
const files = [
  ...SOURCES.flatMap((top) => filesBelow(top, /\.(?:ts|mjs)$/)),
  ...PAGES.flatMap((top) => filesBelow(top, /\.md$/)),
  ...FRONT,
].filter((file) => only === undefined || `${file}/`.startsWith(`${only}/`));

/** @type {Map<string, string[]>} */
const foundIn = new Map();
for (const file of files) {
  const strings = !HOLDS_DATA.test(file);
  const found = findUnclearProse(file, readFileSync(join(root, file), "utf8"), { strings });
  if (found.length === 0) continue;
  const folder = dirname(file);
  foundIn.set(folder, [
    ...(foundIn.get(folder) ?? []),
    ...found.map(({ line, problem }) => `${file}:${line}: ${problem}`),
  ]);
}

for (const [folder, problems] of foundIn) {
  if (only !== undefined || !pending.has(folder)) fail(problems.join("\n"));
}
for (const folder of only === undefined ? pending : []) {
  if (!existsSync(join(root, folder))) {
    fail(`${folder}: there is no such folder: take it off scripts/words-pending.txt`);
  } else if (!foundIn.has(folder)) {
    fail(`${folder}: nothing is left to do: take it off scripts/words-pending.txt`);
  }
}

/** @param {string} problem */
function fail(problem) {
  console.log(problem);
  process.exitCode = 1;
}

/**
 * @param {string} top
 * @param {RegExp} ending
 */
function filesBelow(top, ending) {
  return readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !/(?:^|[/\\\\])(?:node_modules|build|data|dist)[/\\\\]/.test(name))
    .map((name) => `${top}/${name.replaceAll("\\", "/")}`)
    .sort();
}
