// @ts-check
// `npm run demo`: the text search of examples/text-search, four times, each in a process of its
// own. Shows what is generated, what is loaded, and what lies on disk afterwards. `npm run demo --
// --query "a question of yours"` asks that in the last run, `--keep` goes on with what an earlier
// demo left, `--data-dir folder` uses a folder of yours as it is.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const example = join(root, "examples/text-search");

const { values: options } = parseArgs({
  options: {
    query: { type: "string", default: "Can this be used in a nuclear facility?" },
    "data-dir": { type: "string" },
    keep: { type: "boolean", default: false },
    "license-count": { type: "string" },
  },
});
const questions = [
  "May I use the font inside a document?",
  "What if someone sues over patents?",
  "Must I mention the author in advertising?",
];
const dataDir = resolve(options["data-dir"] ?? join(example, "data"));
const startsAfresh = options["data-dir"] === undefined && !options.keep;
const shownDataDir = relative(process.cwd(), dataDir) || ".";

const isColored = process.stdout.isTTY === true && process.stdout.hasColors();
/**
 * @param {Parameters<typeof styleText>[0]} format
 * @param {string} text
 */
const style = (format, text) => (isColored ? styleText(format, text) : text);

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => interruption.abort());

try {
  if (startsAfresh) rmSync(dataDir, { recursive: true, force: true });
  await demo(await buildProgram());
} catch (error) {
  if (!interruption.signal.aborted) throw error;
  if (startsAfresh) rmSync(dataDir, { recursive: true, force: true });
  console.log(style("dim", `\nStopped.${startsAfresh ? " Nothing is left behind." : ""}`));
  process.exitCode = 130;
}

/** @param {string} program */
async function demo(program) {
  console.log(`\n${style("bold", "A search over the texts of 700 licenses, made of five persistables")}`);
  console.log(style("dim", "corpus ─▶ tokens ─▶ vocabulary ─▶ vectors ─▶ search"));

  printHeading("1  The first run", "three questions");
  await run(program, questions);
  printHeading("2  The same again", "a new process");
  await run(program, questions);
  printHeading("3  One parameter changed", "minDocumentFrequency 2 → 3");
  await run(program, ["--min-document-frequency", "3", ...questions]);
  printHeading("4  Another question");
  await run(program, ["--print-answers", options.query]);

  printHeading("On disk", shownDataDir);
  printFolder();
  printNewestRecord("vocabulary");
  console.log(style("dim", '\nThe code: examples/text-search. Ask it: npm run demo -- --keep --query "…"\n'));
}

/** The example and the library's source in one file, which every Node can run. */
async function buildProgram() {
  const program = join(example, "build/main.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: [join(example, "main.ts")],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    alias: { "persistable-ts": join(root, "src/entry/index.ts") },
    logLevel: "warning",
  });
  return program;
}

/**
 * A process that shows its own progress.
 *
 * @param {string} program
 * @param {string[]} args
 */
async function run(program, args) {
  const limit = options["license-count"] === undefined ? [] : ["--license-count", options["license-count"]];
  const child = spawn(process.execPath, [program, "--data-dir", dataDir, ...limit, ...args], { stdio: "inherit" });
  const stop = () => child.kill();
  interruption.signal.addEventListener("abort", stop);
  const [exitCode] = await once(child, "close");
  interruption.signal.removeEventListener("abort", stop);
  interruption.signal.throwIfAborted();
  if (exitCode !== 0) throw new Error(`The run ended with exit code ${exitCode}.`);
}

/**
 * @param {string} title
 * @param {string} [note]
 */
function printHeading(title, note) {
  console.log(`\n${style("bold", title)}${note === undefined ? "" : style("dim", ` · ${note}`)}`);
}

/** Hashes are shortened, here and below. */
function printFolder() {
  const entries = readdirSync(dataDir, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const files = readdirSync(join(dataDir, name)).sort();
    const isOurs = files.some(isRecord);
    console.log(`   ${style("blue", `${name}/`)}${isOurs ? "" : style("dim", "   leases and such; may be deleted")}`);
    for (const file of isOurs ? files : [])
      printFile(`     ${file}`, join(name, file), isRecord(file) ? "record" : "payload");
  }
  for (const { name } of entries.filter((entry) => entry.isFile())) printFile(`   ${name}`, name, "log");
}

/** @param {string} name */
function isRecord(name) {
  return /^[0-9a-f]{64}\.json$/.test(name);
}

/**
 * @param {string} shown
 * @param {string} path
 * @param {string} kind
 */
function printFile(shown, path, kind) {
  const sizeKb = (statSync(join(dataDir, path)).size / 1000).toFixed(1);
  console.log(`${shortenHashes(shown).padEnd(40)}${sizeKb.padStart(8)} kB   ${style("dim", kind)}`);
}

/**
 * The record as it lies on disk; of its provenance only the beginning.
 *
 * @param {string} name
 */
function printNewestRecord(name) {
  const files = readdirSync(join(dataDir, name)).filter(isRecord);
  const paths = files
    .map((file) => join(dataDir, name, file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  const path = paths[0] ?? "";
  printHeading("One of the records", shortenHashes(relative(dataDir, path)));
  const lines = shortenHashes(readFileSync(path, "utf8")).trimEnd().split("\n");
  const provenance = lines.findIndex((line) => line.startsWith('  "provenance"'));
  const hidden = lines.splice(provenance + 3, lines.length - provenance - 5);
  lines.splice(-2, 0, style("dim", `    … ${hidden.length} lines more: where, by whom, with which code`));
  for (const line of lines) console.log(`   ${line.replace(/^ +"[^"]+"/, (key) => style("cyan", key))}`);
}

/** @param {string} text */
function shortenHashes(text) {
  return text.replaceAll(/([0-9a-f]{8})[0-9a-f]{56}/g, "$1…");
}
