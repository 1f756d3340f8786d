// @ts-check
// After `changeset version`: what records are signed with follows package.json, and so does what
// the examples install when they are taken out of the repository.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
replaceIn("src/util/library-version.ts", /(LIBRARY_VERSION = )"[^"]*"/, `$1"${version}"`);
for (const name of readdirSync(join(root, "examples"))) {
  const manifest = `examples/${name}/package.json`;
  if (existsSync(join(root, manifest))) replaceIn(manifest, /("persistable-ts": )"[^"]*"/, `$1"^${version}"`);
}

/**
 * @param {string} name
 * @param {RegExp} place
 * @param {string} written
 */
function replaceIn(name, place, written) {
  const file = join(root, name);
  const text = readFileSync(file, "utf8");
  if (!place.test(text)) throw new Error(`${name} does not name a version of persistable-ts.`);
  writeFileSync(file, text.replace(place, written));
}
