import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { buildChild } from "./support/run-child.ts";
import { startModelServer } from "./support/servers/model-server.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const root = path.resolve(import.meta.dirname, "..");

const pages = [
  "docs/functions.md",
  "docs/changes.md",
  "docs/programs.md",
  "docs/model-calls.md",
  "docs/files-of-others.md",
];

/** The clients of the pages ask this server. */
const server = await startModelServer();
afterAll(() => server[Symbol.asyncDispose]());
const clients = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "key", AI_SDK_LOG_WARNINGS: "false" };

/**
 * Runs all examples of a page as one program, in an empty folder. Each line that ends with
 * `// prints …` says what the program prints next.
 */
test.each(pages)("the examples of %s run, and print what they say", async (page) => {
  const text = readFileSync(path.join(root, page), "utf8");
  const code = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join("\n");
  const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line);
  expect(expected.length).toBeGreaterThan(0);
  await using folder = await temporaryFolder();
  const file = folder.join("page.ts");
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [await buildChild(file)], {
    cwd: folder.path,
    env: { ...process.env, ...clients, NODE_OPTIONS: "" },
  });
  expect(stdout.trim().split("\n")).toEqual(expected);
});
