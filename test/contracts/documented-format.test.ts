import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { entryPoints, root } from "../../scripts/bundle.mjs";
import { temporaryFolder } from "../support/temporary-folder.ts";

const page = readFileSync(path.join(root, "docs/formats.md"), "utf8");
const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);

/** Runs an example of the page as a program, with Node's own test runner where it asks for one. */
async function runBlock(code: string): Promise<string> {
  await using folder = await temporaryFolder();
  const program = folder.join("example.mjs");
  await build({
    stdin: { contents: code, loader: "ts", resolveDir: root },
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    alias: Object.fromEntries(entryPoints.map(({ specifier, source }) => [specifier, path.join(root, source)])),
  });
  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: folder.path });
  return stdout;
}

function blockWith(text: string): string {
  const found = blocks.filter((block) => block.includes(text));
  expect(found).toHaveLength(1);
  return found[0] ?? "";
}

test("the format of the page keeps every promise of a format", async () => {
  const output = await runBlock(blockWith("const runLength"));
  expect(output).toMatch(/pass 1[0-9]\n[#ℹ] fail 0/);
});

test("a format that breaks a promise fails the same suite", async () => {
  const broken = blockWith("const runLength").replace("(end - start, payload[start] ?? 0)", "(end - start, 0)");
  const failure: { stdout?: string } = await runBlock(broken).then(
    () => ({}),
    (error: { stdout: string }) => error,
  );
  expect(failure.stdout).toMatch(/[#ℹ] fail [1-9]/);
});

test("the stream of the page is stored and comes back line by line", async () => {
  const imports =
    'import { definePersistable } from "persistable-ts";\nimport type { Format } from "persistable-ts/format";\n';
  expect(await runBlock(imports + blockWith("const lines"))).toBe("first\nsecond\n");
});
