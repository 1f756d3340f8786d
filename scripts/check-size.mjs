// @ts-check
// Fails when the import of an entry point loads more than its limit: minified, with everything that
// is imported statically, and without what is imported on first use. size-limit can only weigh both
// together.
import { styleText } from "node:util";
import { transform } from "esbuild";
import { bundle } from "./bundle.mjs";

/**
 * A limit just above today's size. The code that a hit needs has grown by 35 kB: which secrets an
 * event may not name, what is kept of a payload that could not be persisted, links between a data
 * directory and an object, credentials in a location, failures in other realms, how folders are
 * listed, the words for a miss that names how many artifacts were compared, how the arguments of a
 * function become params, what a generator loads without declaring it, when an artifact has expired
 * or was made by other source, which policy for other source a run has, which modules a source
 * names, the words for how it or a folder has changed, when a payload was made at what cost,
 * secrets of the environment, the names of all options, which records a process that ends has
 * loaded, that each part is imported only once, that a notebook can show a persistable, less memory
 * for each of many, quick addresses of params that hold lists and objects, and that properties that
 * are undefined can be ignored.
 */
const limitBytes = 124_900;

/**
 * The limits of entry points that may load more than 20 kB beside the core.
 *
 * @type {Readonly<Record<string, number>>}
 */
const entryLimits = {
  pipeline: 350_000,
  catalog: 155_000,
  housekeeping: 140_000,
  inspect: 102_000,
  table: 95_000,
  testing: 40_000,
  fetch: 62_000,
  display: 24_000,
  "ai-sdk": 160_000,
  "formats/arrow": 85_000,
  "formats/avro": 48_000,
  "formats/csv": 92_000,
  "formats/msgpack": 32_000,
  "formats/ndjson": 52_000,
  "formats/npz": 33_000,
  "formats/parquet": 95_000,
  "formats/records": 24_000,
  "formats/table": 62_000,
  "stores/azure": 35_000,
  "stores/gcs": 40_000,
  "stores/layered": 46_000,
  "stores/s3": 35_000,
  "stores/sftp": 45_000,
};

const built = await bundle();
const chunks = new Map(built.chunks.map((chunk) => [chunk.fileName, chunk]));
const loaded = await Promise.all(reachStatically("entry/index.js").map(weigh));
const sizeBytes = loaded.reduce((sum, file) => sum + file.sizeBytes, 0);

for (const file of loaded) {
  console.log(`${kilobytes(file.sizeBytes)}  ${file.name}`);
  for (const part of file.parts) console.log(styleText("dim", `${kilobytes(part.sizeBytes)}    ${part.name}`));
}
check(sizeBytes, 'import "persistable-ts"', limitBytes);
for (const { name } of loaded.flatMap(({ parts }) => parts)) {
  if (!/^src\/store\/(?:bucket|sftp)/.test(name)) continue;
  console.error(`import "persistable-ts" loads ${name}, which only the stores of that kind need.`);
  process.exitCode = 1;
}
for (const entry of [...chunks.keys()].filter((name) => /^entry\/(?!index|bin)/.test(name)).sort()) {
  const files = await Promise.all(reachStatically(entry).map(weigh));
  const besides = files.filter(({ name }) => !loaded.some((file) => file.name === name));
  const name = entry.slice("entry/".length, -".js".length);
  const bytes = besides.reduce((sum, file) => sum + file.sizeBytes, 0);
  check(bytes, `persistable-ts/${name}, beside that`, limitOf(name));
}
// A warning may be of a dynamic import of a module that is also imported statically, and so is
// loaded at once.
for (const warning of built.warnings) console.error(warning);
if (built.warnings.length > 0) process.exitCode = 1;

/**
 * @param {number} bytes
 * @param {string} what
 * @param {number} limit
 */
function check(bytes, what, limit) {
  console.log(`${kilobytes(bytes)}  loaded by ${what}, of at most ${limit / 1000} kB`);
  if (bytes < limit) return;
  console.error('Too much. Import what is not needed at once on first use: `await import("./x.ts")`.');
  process.exitCode = 1;
}

/** @param {string} name */
function limitOf(name) {
  return entryLimits[name] ?? 20_000;
}

/**
 * @param {string} entry
 * @returns {string[]}
 */
function reachStatically(entry) {
  const reached = [entry];
  for (const file of reached) {
    const imports = chunks.get(file)?.imports ?? [];
    reached.push(...imports.filter((name) => chunks.has(name) && !reached.includes(name)));
  }
  return reached;
}

/**
 * A file as it is loaded, minified, with a line for each folder that it is made of: what each
 * takes, in proportion.
 *
 * @param {string} name
 */
async function weigh(name) {
  const chunk = /** @type {import("rolldown").OutputChunk} */ (chunks.get(name));
  const sizeBytes = await minifiedBytes(chunk.code);
  /** @type {Map<string, number>} */
  const folders = new Map();
  for (const [id, module] of Object.entries(chunk.modules)) {
    const folder = id.match(/[/\\]src[/\\](.*)[/\\]/)?.[1];
    if (folder !== undefined) folders.set(folder, (folders.get(folder) ?? 0) + module.renderedLength);
  }
  const share = sizeBytes / chunk.code.length;
  const parts = [...folders].map(([folder, length]) => ({ name: `src/${folder}`, sizeBytes: length * share }));
  return { name, sizeBytes, parts: parts.sort((a, b) => b.sizeBytes - a.sizeBytes) };
}

/** @param {string} code */
async function minifiedBytes(code) {
  const { code: minified } = await transform(code, { minify: true, format: "esm", target: "node20.19" });
  return Buffer.byteLength(minified);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(9);
}
