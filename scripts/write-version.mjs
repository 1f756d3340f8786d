// @ts-check
// After `changeset version`: what records are signed with follows package.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const file = join(root, "src/util/library-version.ts");
const text = readFileSync(file, "utf8");
const written = text.replace(/(LIBRARY_VERSION = )"[^"]*"/, `$1"${version}"`);
if (!written.includes(`LIBRARY_VERSION = "${version}"`)) throw new Error(`${file} declares no LIBRARY_VERSION.`);
writeFileSync(file, written);
