// @ts-check
// `npm run release:version`: makes a section of CHANGELOG.md of the files in .changeset/, removes
// them, and writes the next version wherever one is named: package.json, records, examples.
// `--root FOLDER` does it in a copy.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import semver from "semver";
import { root as repository } from "./bundle.mjs";

const { values } = parseArgs({ options: { root: { type: "string", default: repository } } });
const root = values.root;
const KINDS = /** @type {const} */ (["major", "minor", "patch"]);
const PACKAGE = "persistable-ts";

const changes = readdirSync(join(root, ".changeset"))
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .sort()
  .map(readChange);
if (changes.length === 0) throw new Error("There is no changeset, so there is nothing to release.");
const kind = KINDS.find((each) => changes.some((change) => change.kind === each)) ?? "patch";
const before = JSON.parse(read("package.json")).version;
const version = semver.inc(before, kind);
if (version === null) throw new Error(`${before} is not a version.`);

const items = changes.map(({ item }) => item).join("\n");
replaceIn("CHANGELOG.md", /^([\s\S]*?)(?=## )/, `## ${version}\n\n${items}\n\n`);
replaceIn("package.json", /("version": )"[^"]*"/, `"${version}"`);
replaceIn("src/util/library-version.ts", /(LIBRARY_VERSION = )"[^"]*"/, `"${version}"`);
replaceIn("create/package.json", /("version": )"[^"]*"/, `"${version}"`);
replaceIn("create/package.json", /("persistable-ts": )"[^"]*"/, `"^${version}"`);
for (const name of readdirSync(join(root, "examples"))) {
  const manifest = `examples/${name}/package.json`;
  if (existsSync(join(root, manifest))) replaceIn(manifest, /("persistable-ts": )"[^"]*"/, `"^${version}"`);
}
for (const { file } of changes) rmSync(join(root, file));
console.log(`${before} becomes ${version}. Read CHANGELOG.md as its users will, and commit.`);

/**
 * One file of .changeset/ as an item of a list.
 *
 * @param {string} name
 */
function readChange(name) {
  const file = `.changeset/${name}`;
  const [, declared, text = ""] = /^---\n"persistable-ts": (\w+)\n---\n([\s\S]*)$/.exec(read(file)) ?? [];
  const kind = KINDS.find((each) => each === declared);
  if (kind === undefined)
    throw new Error(`${file} does not begin with ---, "${PACKAGE}": minor (or major, patch), ---.`);
  if (text.trim() === "") throw new Error(`${file} says nothing.`);
  return { file, kind, item: `- ${text.trim().replaceAll("\n", "\n  ").replaceAll(/^ +$/gm, "")}` };
}

/** @param {string} name */
function read(name) {
  return readFileSync(join(root, name), "utf8");
}

/**
 * Writes this after the first group of the place.
 *
 * @param {string} name
 * @param {RegExp} place
 * @param {string} written
 */
function replaceIn(name, place, written) {
  const text = read(name);
  if (!place.test(text)) throw new Error(`${name} has no place for ${version}.`);
  writeFileSync(
    join(root, name),
    text.replace(place, (_, before) => before + written),
  );
}
