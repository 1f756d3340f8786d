// @ts-check
// Builds the published package: `node scripts/build.mjs [--out-dir dist]`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import ts from "typescript";
import { bundle, bundledPackages, root } from "./bundle.mjs";

const { values } = parseArgs({ options: { "out-dir": { type: "string", default: "dist" } } });
const outDir = resolve(root, values["out-dir"]);
rmSync(outDir, { recursive: true, force: true });
const { chunks, warnings } = await bundle();
for (const warning of warnings) console.warn(warning);
for (const { fileName, code } of chunks) {
  const file = join(outDir, fileName);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}
emitTypes();
writeFileSync(join(outDir, "THIRD-PARTY-LICENSES.txt"), bundledPackages.map(licenseOf).join("\n\n"));

/**
 * The license of a bundled package: its text has to go wherever its code goes.
 *
 * @param {string} name
 */
function licenseOf(name) {
  const folder = join(root, "node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? licenseNamedBy(folder) : readFileSync(join(folder, file), "utf8");
  return `${name}\n\n${text.trim()}\n`;
}

/**
 * The text of the license that a package names without enclosing it, below who wrote it.
 *
 * @param {string} folder
 */
function licenseNamedBy(folder) {
  const { name, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = join(root, "node_modules/spdx-license-list/licenses", `${license}.json`);
  if (!existsSync(file)) throw new Error(`${name} has no license file, and ${license} is not a license that is known.`);
  return `Copyright ${author}\n\n${JSON.parse(readFileSync(file, "utf8")).licenseText}`;
}

/**
 * One declaration file for each source file that an entry point reaches, by the native compiler:
 * the same in an eighth of the time.
 */
function emitTypes() {
  const args = ["-p", "tsconfig.build.json", "--outDir", outDir];
  const { status } = spawnSync(process.execPath, ["node_modules/typescript-native/bin/tsc", ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
  for (const name of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".d.ts")) pointAtJavaScript(join(outDir, name));
  }
}

/**
 * The compiler leaves `./address.ts` in declarations as it is; a reader's compiler looks for
 * `./address.js`.
 *
 * @param {string} file
 */
function pointAtJavaScript(file) {
  let text = readFileSync(file, "utf8");
  for (const { fileName, pos } of ts.preProcessFile(text).importedFiles.reverse()) {
    const end = pos + 1 + fileName.length; // pos is that of the opening quote
    if (/^\.{1,2}\/.*\.ts$/.test(fileName)) text = `${text.slice(0, end - 2)}js${text.slice(end)}`;
  }
  writeFileSync(file, text);
}
