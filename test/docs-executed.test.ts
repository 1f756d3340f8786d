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
  "README.md",
  "docs/getting-started.md",
  "docs/functions.md",
  "docs/many-items.md",
  "docs/changes.md",
  "docs/programs.md",
  "docs/model-calls.md",
  "docs/files-of-others.md",
  "docs/continuous-integration.md",
  "docs/servers.md",
  "docs/privacy.md",
  "docs/coming-from-python.md",
  "docs/coming-from-joblib.md",
  "docs/coming-from-memoize-fs.md",
  "docs/coming-from-keyv.md",
  "docs/coming-from-dvc.md",
  "docs/coming-from-targets.md",
];

/** The clients of the pages ask this server. */
const server = await startModelServer();
afterAll(() => server[Symbol.asyncDispose]());
const clients = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "key", AI_SDK_LOG_WARNINGS: "false" };

/**
 * Runs all examples of a page as one program, in an empty folder. Each line that ends with
 * `// prints …` says what the program prints next, in which `…` stands for what differs each time.
 */
test.each(pages)("the examples of %s run, and print what they say", async (page) => {
  const text = readFileSync(path.join(root, page), "utf8");
  const code = codeOf(text);
  const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line);
  expect(expected.length).toBeGreaterThan(0);
  await using folder = await temporaryFolder();
  const file = folder.join("page.ts");
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [await buildChild(file)], {
    cwd: folder.path,
    env: { ...process.env, ...clients, NODE_OPTIONS: "" },
  });
  expect(stdout.trim().split("\n")).toEqual(expected.map(lineThatIs));
});

function lineThatIs(expected = ""): unknown {
  const parts = expected.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return parts.length === 1 ? expected : expect.stringMatching(new RegExp(`^${parts.join(".+")}$`));
}

test("the tests of docs/testing.md pass", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("page.test.ts");
  writeFileSync(file, codeOf(readFileSync(path.join(root, "docs/testing.md"), "utf8")));
  const { stdout } = await promisify(execFile)(process.execPath, [await buildChild(file)], {
    cwd: folder.path,
    env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined },
  });
  expect(stdout).toContain("# pass 3");
});

function codeOf(page: string): string {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join("\n");
}
