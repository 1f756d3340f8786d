import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function runDemo(): Promise<{ exitCode: number; output: string; complaints: string }> {
  const args = ["scripts/demo.mjs", "--data-dir", folder.path, "--license-count", "30", "--query", "patent claims"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [output, complaints, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number]>,
  ]);
  return { exitCode, output, complaints };
}

test("the demo generates, loads, generates in part, answers, and shows what lies on disk", async () => {
  const { exitCode, output, complaints } = await runDemo();
  expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: "" });
  expect(output).not.toContain("\u001b");
  const [, first = "", second = "", third = "", fourth = "", onDisk = ""] = output.split(/^(?:\d {2}|On disk)/m);
  expect(stepsIn(first)).toEqual(["corpus g", "tokens g", "vocabulary g", "vectors g", "search g"]);
  expect(stepsIn(second)).toEqual(["search l"]);
  expect(second).toContain("corpus, tokens, vocabulary, vectors: not needed, not read");
  expect(stepsIn(third)).toEqual(["corpus l", "tokens l", "vocabulary g", "vectors g", "search g"]);
  expect(third).toContain("minDocumentFrequency: 3, nearest artifact has 2");
  expect(stepsIn(fourth)).toEqual(["corpus l", "vocabulary l", "vectors l", "search g"]);
  expect(fourth).toMatch(/^ {3}(AFL|AGPL|Apache)-.*patent claims/ms);
  for (const name of await readdir(folder.path)) expect(onDisk).toContain(name);
  expect(onDisk).toContain('"minDocumentFrequency": 3');
});

test("run again in the same folder, it generates nothing and leaves what is there", async () => {
  const before = await readdir(folder.join("search"));
  const { exitCode, output } = await runDemo();
  expect(exitCode).toBe(0);
  expect(output).not.toContain("generated");
  expect(await readdir(folder.join("search"))).toEqual(before);
});

/** `corpus g` for a corpus that was generated, `search l` for a search that was loaded. */
function stepsIn(section: string): string[] {
  return [...section.matchAll(/^ {3}(\w+) +(generated|loaded) /gm)].map(([, name, how]) => `${name} ${how?.[0]}`);
}
