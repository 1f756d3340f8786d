// @ts-check
// Checks the prose of comments, messages and pages: it prints file:line and the better word, and
// exits with 1. Given folders or files, the script checks these alone.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";
import { findUnclearProse } from "./find-unclear-prose.mjs";

const SOURCES = ["src", "test", "scripts", "benchmarks", "examples", "explorer-ui"];
const PAGES = ["docs", "decisions", "spec", "examples", "benchmarks", "explorer-ui"];
const FRONT = ["README", "ARCHITECTURE", "CONTRIBUTING", "GLOSSARY", "SECURITY"].map((page) => `${page}.md`);
/** The strings of these files are data: inputs of tests, and questions that are put to a search. */
const HOLDS_DATA = /^test\/|^examples\/search-study\/judgments\.ts$|^scripts\/demo\.mjs$/;

const only = process.argv.slice(2);
const files = [
  ...SOURCES.flatMap((top) => filesBelow(top, /\.(?:tsx?|mjs)$/)),
  ...PAGES.flatMap((top) => filesBelow(top, /\.md$/)),
  ...FRONT,
].filter((file) => only.length === 0 || only.some((chosen) => `${file}/`.startsWith(`${chosen}/`)));

for (const file of files) {
  const strings = !HOLDS_DATA.test(file);
  for (const { line, problem } of findUnclearProse(file, readFileSync(join(root, file), "utf8"), { strings })) {
    console.log(`${file}:${line}: ${problem}`);
    process.exitCode = 1;
  }
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
