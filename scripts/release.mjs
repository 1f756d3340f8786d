// @ts-check
// Publishes the package, and the one that starts a project with it: `npm run release`, or `npm run
// release -- --dry-run`, which does all but the upload. In GitHub Actions npm signs where it was
// built (provenance).
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./bundle.mjs";

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
const isDryRun = values["dry-run"];
/** @type {{ version: string, repository: { url: string } }} */
const { version, repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");

/** @type {string[]} */
const problems = [];
if (version === "0.0.0") problems.push("No version was chosen: npm run release:version applies the changesets.");
else if (!changelog.includes(`## ${version}\n`)) problems.push(`CHANGELOG.md has no section for ${version}.`);
if (run("git", ["status", "--porcelain"]) !== "") problems.push("There are changes that are not committed.");
if (run("git", ["tag", "--list", `v${version}`]) !== "") problems.push(`The tag v${version} is there already.`);
for (const problem of problems) console.error(problem);
if (problems.length > 0 && !isDryRun) process.exit(1);

// Only where the place of the build can be proven.
const provenance = process.env.GITHUB_ACTIONS === "true" ? ["--provenance"] : [];
console.log(`Publishes ${version}, whose source is ${repository.url}${isDryRun ? ", without the upload" : ""}.`);
const args = ["publish", "--access", "public", ...provenance, ...(isDryRun ? ["--dry-run"] : [])];
// `npm create persistable-ts` installs the package, so the package comes first.
const status = publish(root) || publish(join(root, "create"));
if (status === 0 && !isDryRun) console.log(`Now tag it: git tag v${version} && git push origin v${version}`);
process.exitCode = status;

/** @param {string} folder */
function publish(folder) {
  return spawnSync("npm", args, { cwd: folder, stdio: "inherit" }).status ?? 1;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout.trim();
}
