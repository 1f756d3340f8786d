import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand } from "../support/pack-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("a release makes its changesets a section of the changelog, and raises the version everywhere", async () => {
  await using folder = await temporaryFolder();
  const copied = [
    "package.json",
    "CHANGELOG.md",
    "src/util/library-version.ts",
    "examples/own-engine/package.json",
    "create/package.json",
  ];
  for (const file of copied) cpSync(join(root, file), folder.join(file));
  mkdirSync(folder.join(".changeset"));
  const change = (name: string, text: string) => writeFileSync(folder.join(".changeset", name), text);
  change("README.md", "# Not a change");
  const release = () => runCommand(process.execPath, ["scripts/release-version.mjs", "--root", folder.path], root);
  expect(release).toThrow(/There is no changeset/);
  change("b.md", '---\n"persistable-ts": huge\n---\n\nMore.\n');
  expect(release).toThrow(/b\.md does not begin with/);
  change("b.md", '---\n"persistable-ts": patch\n---\n\nA `$1` is repaired.\n');
  change("a.md", '---\n"persistable-ts": minor\n---\n\nMore.\n\n- than one line\n');
  const { version: before } = JSON.parse(readFileSync(folder.join("package.json"), "utf8"));
  const [major = "", minor = ""] = before.split(".");
  const version = `${major}.${Number(minor) + 1}.0`;
  release();
  const [manifest, changes, source, example, create] = copied.map((file) => readFileSync(folder.join(file), "utf8"));
  expect(changes).toContain(`## ${version}\n\n- More.\n\n  - than one line\n- A \`$1\` is repaired.\n\n## ${before}\n`);
  expect(changes?.startsWith("# Changes\n")).toBe(true);
  expect(manifest).toContain(`"version": "${version}"`);
  expect(source).toContain(`LIBRARY_VERSION = "${version}"`);
  expect(example).toContain(`"persistable-ts": "^${version}"`);
  expect(create).toContain(`"version": "${version}"`);
  expect(create).toContain(`"persistable-ts": "^${version}"`);
  expect(readdirSync(folder.join(".changeset"))).toEqual(["README.md"]);
});
