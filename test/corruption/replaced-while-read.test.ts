import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { collectOrphans, fileStore, NotPersistedError, openStore } from "../../src/index.ts";
import { FILES, folderOfFiles, type ReplacingInput } from "../support/replacing-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const reads = Number(process.env.PERSISTABLE_TEST_REPLACED_READS ?? 60);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const DAY_MS = 24 * 60 * 60 * 1000;

function build(dataDir: string) {
  return folderOfFiles({}, { dataDir: fileStore(dataDir, { durable: false }), logger: silent });
}

/** Every file below a path, with its text; `undefined` where the folder is not there any more. */
function readTree(folder: string): Map<string, string> | undefined {
  try {
    const names = ["a", "b"].flatMap((sub) => readdirSync(path.join(folder, sub)).map((name) => `${sub}/${name}`));
    return new Map(names.map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function startReplacing(input: ReplacingInput) {
  const child = startChild(await buildChild("test/support/replacing-child.ts"), input);
  await child.waitFor<number>((count) => count >= 1);
  return child;
}

describe("a folder that another process replaces all the time", () => {
  it.each(["generate", "force", "remove"] as const)("is whole or an error to its readers: %s", async (act) => {
    await using folder = await temporaryFolder();
    await using child = await startReplacing({ dataDir: folder.path, kind: "folder", act });
    let whole = 0;
    const paths: string[] = [];
    for (let read = 0; read < reads || child.told.length < 3; read++) {
      const loading = build(folder.path).load();
      const loaded = await loading.catch((error: unknown) => {
        expect(error).toBeInstanceOf(NotPersistedError);
        return undefined;
      });
      // Those that were handed out before are used again.
      paths.push(...(loaded === undefined ? [] : [loaded]));
      for (const used of paths.slice(-3)) {
        const tree = readTree(used);
        if (tree === undefined) continue;
        whole++;
        expect(tree.size).toBe(FILES);
        expect(new Set(tree.values()).size).toBe(1);
      }
    }
    if (act !== "remove") expect(whole).toBeGreaterThan(0);
    expect(existsSync(folder.join(".persistable", "quarantine"))).toBe(false);
  });
});

describe("a folder that was replaced", () => {
  const foldersIn = (data: string): string[] =>
    readdirSync(path.join(data, "pages")).filter((n) => n.endsWith(".files"));

  it("stays whole for its readers until the next one is replaced, and takes no more room than that", async () => {
    await using folder = await temporaryFolder();
    const first = await build(folder.path).generate();
    const second = await build(folder.path).generate();
    expect(readTree(first)?.size).toBe(FILES);
    for (let more = 0; more < 3; more++) await build(folder.path).generate();
    expect(readTree(first)).toBeUndefined();
    expect(readTree(second)).toBeUndefined();
    expect(foldersIn(folder.path)).toHaveLength(2);
    expect(readdirSync(folder.join(".persistable", "tmp"))).toEqual([]);
  });

  it("is collected after its grace, counted from when it was replaced", async () => {
    await using folder = await temporaryFolder();
    const store = openStore(folder.path);
    const first = await build(folder.path).generate();
    const old = Date.now() / 1000 - 30 * 24 * 60 * 60;
    for (const name of readTree(first)?.keys() ?? []) utimesSync(path.join(first, name), old, old);
    await build(folder.path).generate();
    expect((await collectOrphans(store, "pages")).files).toEqual([]);
    expect(readTree(first)?.size).toBe(FILES);
    const collected = await collectOrphans(store, "pages", { nowMs: Date.now() + DAY_MS + 1000 });
    expect(collected.files).toHaveLength(FILES + 1);
    expect(foldersIn(folder.path)).toHaveLength(1);
    expect((await collectOrphans(store, "pages", { graceMs: -1000 })).files).toEqual([]);
    expect(readTree(await build(folder.path).load())?.size).toBe(FILES);
  });

  it("goes with the next replacement of its name when a day has passed", async () => {
    await using folder = await temporaryFolder();
    await build(folder.path).generate();
    await build(folder.path).generate();
    const [note = ""] = readdirSync(folder.join(".persistable", "replaced", "pages"));
    // Of another artifact of the name, a day ago.
    const other = `${"0".repeat(64)}${note.slice(64)}`;
    const [kept = ""] = foldersIn(folder.path).filter((name) => `${name}.json` === note);
    renameSync(folder.join("pages", kept), folder.join("pages", other.slice(0, -".json".length)));
    const notes = folder.join(".persistable", "replaced", "pages");
    renameSync(path.join(notes, note), path.join(notes, other));
    await build(folder.path).generate();
    expect(existsSync(path.join(notes, other))).toBe(true);
    const ago = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(path.join(notes, other), ago, ago);
    await build(folder.path).generate();
    expect(existsSync(path.join(notes, other))).toBe(false);
    expect(existsSync(folder.join("pages", other.slice(0, -".json".length)))).toBe(false);
  });

  it("is removed with its artifact, and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const first = await build(folder.path).generate();
    await build(folder.path).generate();
    expect(await build(folder.path).remove()).toBe(true);
    expect(readTree(first)).toBeUndefined();
    expect(readdirSync(folder.join("pages"))).toEqual([]);
    for (const name of ["tmp", "replaced/pages"]) expect(readdirSync(folder.join(".persistable", name))).toEqual([]);
  });

  it("whose note was deleted with all of .persistable is collected like any payload without a record", async () => {
    await using folder = await temporaryFolder();
    await build(folder.path).generate();
    await build(folder.path).generate();
    renameSync(folder.join(".persistable"), folder.join("deleted"));
    const collected = await collectOrphans(fileStore(folder.path), "pages", { graceMs: -1000 });
    expect(collected.files).toHaveLength(FILES);
    expect(foldersIn(folder.path)).toHaveLength(1);
  });

  it("is not taken for replaced where a note names what its record still means", async () => {
    await using folder = await temporaryFolder();
    const loaded = await build(folder.path).generate();
    const file = `${path.basename(loaded)}.json`;
    const store = fileStore(folder.path);
    await store.createIfAbsent(`.persistable/replaced/pages/${file}` as never, []);
    writeFileSync(folder.join(".persistable", "replaced", "pages", "notes.txt"), "");
    await collectOrphans(store, "pages", { graceMs: -1000 });
    expect(readTree(await build(folder.path).load())?.size).toBe(FILES);
  });
});
