// @ts-check
// Checks the prose of comments, messages and pages: it prints file:line and the better word, and
// exits with 1. Given folders or files, the script checks these alone.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";
import { findUnclearProse } from "./find-unclear-prose.mjs";

const SOURCES = ["src", "test", "scripts", "benchmarks", "examples", "explorer-ui"];
const PAGES = ["docs", "decisions", "spec", "examples", "benchmarks", "explorer-ui"];
const FRONT = ["README", "ARCHITECTURE", "CONTRIBUTING", "GLOSSARY", "SECURITY"].map((page) => `${page}.md`);
/** The strings of these files are data: inputs of tests, and questions that are put to a search. */
const HOLDS_DATA = /^test\/|^examples\/search-study\/judgments\.ts$|^scripts\/demo\.mjs$/;

const only = process.argv.slice(2);
// What git ignores is not read: a link among installed packages may lead back here, without an end.
const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
const files = listed
  .toString()
  .split("\0")
  .filter((file) => isBelow(SOURCES, file, /\.(?:tsx?|mjs)$/) || isBelow(PAGES, file, /\.md$/) || FRONT.includes(file))
  .filter((file) => only.length === 0 || only.some((chosen) => `${file}/`.startsWith(`${chosen}/`)))
  .filter((file) => existsSync(join(root, file)));

for (const file of files) {
  const strings = !HOLDS_DATA.test(file);
  for (const { line, problem } of findUnclearProse(file, readFileSync(join(root, file), "utf8"), { strings })) {
    console.log(`${file}:${line}: ${problem}`);
    process.exitCode = 1;
  }
}

/**
 * @param {readonly string[]} tops
 * @param {string} file
 * @param {RegExp} ending
 */
function isBelow(tops, file, ending) {
  return ending.test(file) && tops.includes(file.slice(0, file.indexOf("/")));
}
