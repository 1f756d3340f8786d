import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { definePersistable, memoryStore } from "../../src/entry/index.ts";
import { listRuns, readFailure, run } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PERSONAL = ["host", "user", "pid", "script", "module"];

test("an anonymous record names no user, host, process or path, and is read as always", async () => {
  const dataDir = memoryStore();
  const known = definePersistable({ name: "anonymous_not", generate: () => 1 })({}, { dataDir });
  const hidden = definePersistable({ name: "anonymous_yes", anonymous: true, generate: () => 1 })({}, { dataDir });
  await Promise.all([known.payload, hidden.payload]);
  expect(Object.keys((await known.record())?.provenance ?? {})).toEqual(expect.arrayContaining(["host", "pid"]));
  const provenance = (await hidden.record())?.provenance ?? {};
  expect(Object.keys(provenance).filter((key) => PERSONAL.includes(key))).toEqual([]);
  expect(provenance).toMatchObject({ node: process.versions.node, createdAt: expect.any(String) });
  expect((await hidden.explain()).state).toBe("hit");
});

test("the environment makes all records anonymous, unless a definition says otherwise", async () => {
  const dataDir = memoryStore();
  vi.stubEnv("PERSISTABLE_ANONYMOUS", "1");
  try {
    const all = definePersistable({ name: "anonymous_all", generate: () => 1 })({}, { dataDir });
    const open = definePersistable({ name: "anonymous_open", anonymous: false, generate: () => 1 })({}, { dataDir });
    await Promise.all([all.payload, open.payload]);
    expect((await all.record())?.provenance.host).toBeUndefined();
    expect((await open.record())?.provenance.host).toBeDefined();
  } finally {
    vi.unstubAllEnvs();
  }
});

/** Everything that lies in a folder, by the path of its file. */
function filesIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map((file) => path.join(file.parentPath, file.name));
  return new Map(paths.map((file) => [path.relative(folder, file), readFileSync(file, "utf8")]));
}

test.each([false, true])(
  "leases, runs, failures and logs name host and paths unless anonymous: %s",
  async (anonymous) => {
    await using folder = await temporaryFolder();
    const seen = new Map<string, string>();
    const note = (): number => {
      for (const [file, text] of filesIn(folder.path)) seen.set(file, text);
      return seen.size;
    };
    const noted = definePersistable({ name: "noted", anonymous, generate: note });
    const failing = definePersistable({
      name: "failing",
      anonymous,
      generate: () => Promise.reject(new Error("does not work")),
    });
    const dataDir = folder.path;
    const target = failing({}, { dataDir });
    await run([noted({}, { dataDir }), target], { keepGoing: "everything" }).catch(() => {});
    note();
    const written = [...seen.keys()].map((file) =>
      file
        .split(path.sep)
        .at(-1)
        ?.replace(/^.*\.(?=json|log)/, ""),
    );
    expect(written).toEqual(expect.arrayContaining(["json", "jsonl", "log"]));
    expect([...seen.keys()].some((file) => file.includes("leases"))).toBe(true);
    const named = [`"host":"${hostname()}"`, `"host": "${hostname()}"`, folder.path, process.argv[1] ?? "", "at file:"];
    const found = [...seen].filter(([, text]) => named.some((name) => text.includes(name)));
    expect(found.length === 0).toBe(anonymous);
    const [record] = await listRuns(dataDir);
    expect(record).toMatchObject({ state: "failed", pid: process.pid });
    expect((await readFailure(target))?.error.message).toBe("does not work");
  },
);
