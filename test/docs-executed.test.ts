import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { persistable } from "./command/run-in-process.ts";
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

test("the commands of docs/getting-started.md find what its program has made", async () => {
  const text = readFileSync(path.join(root, "docs/getting-started.md"), "utf8");
  const commands = [...text.matchAll(/^npx persistable (\S+)(.*?) *#/gm)];
  expect(commands.map(([, name]) => name)).toEqual(["ls", "show", "explore"]);
  await using folder = await temporaryFolder();
  const file = folder.join("page.ts");
  writeFileSync(file, codeOf(text));
  const env = { ...process.env, NODE_OPTIONS: "" };
  await promisify(execFile)(process.execPath, [await buildChild(file)], { cwd: folder.path, env });
  const said: string[] = [];
  for (const [, name = "", rest = ""] of commands) {
    // The explorer goes on until it is stopped; its tests are elsewhere.
    if (name === "explore") continue;
    const { exit, out } = await persistable([name, ...rest.trim().split(" "), "-C", folder.path]);
    expect([name, exit]).toEqual([name, 0]);
    said.push(out);
  }
  expect(said[0]).toMatch(/ word_count .* outliers | outliers .* word_count /s);
  expect(said[1]).toMatch(/threshold +0\.9/);
});

test("each page with TypeScript is compiled, and all pages but six are executed", () => {
  const withCode = readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md") && readFileSync(path.join(root, "docs", name), "utf8").includes("\n```ts\n"))
    .map((name) => `docs/${name}`);
  const compiled = readFileSync(path.join(root, "test/docs-examples.test.ts"), "utf8");
  expect(withCode.filter((page) => !compiled.includes(`"${page}"`))).toEqual([]);
  const notExecuted = ["catalog", "formats", "housekeeping", "pipelines", "several-machines", "stores"];
  const elsewhere = ["docs/testing.md", ...notExecuted.map((name) => `docs/${name}.md`)];
  expect(withCode.filter((page) => !pages.includes(page)).sort()).toEqual(elsewhere.sort());
});

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
