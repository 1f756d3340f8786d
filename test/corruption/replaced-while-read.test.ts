import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { byteStream } from "../../src/entry/formats/byte-stream.ts";
import {
  ArtifactInFlightError,
  CorruptArtifactError,
  collectOrphans,
  definePersistable,
  fileStore,
  memoryStore,
  NotPersistedError,
  openStore,
  type Store,
  typedParams,
} from "../../src/entry/index.ts";
import { storePath } from "../../src/store/store-path.ts";
import { FILES, folderOfFiles, ITEMS, type ReplacingInput, streamOfItems } from "../support/replacing-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const reads = Number(process.env.PERSISTABLE_TEST_REPLACED_READS ?? 25);
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
      // Chunks that were handed out before are used again.
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
    // The files of another artifact of the name, which was replaced a day ago.
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

describe("a stream that another process replaces all the time", () => {
  it.each(["generate", "remove"] as const)(
    "is whole or in flight to its readers, and never damaged: %s",
    async (act) => {
      await using folder = await temporaryFolder();
      await using child = await startReplacing({ dataDir: folder.path, kind: "stream", act });
      for (let read = 0; read < reads || child.told.length < 3; read++) {
        const store = fileStore(folder.path, { durable: false });
        const generations = new Set<number>();
        let items = 0;
        try {
          for await (const { generation } of await streamOfItems({}, { dataDir: store, logger: silent }).load()) {
            generations.add(generation);
            items++;
          }
          expect([items, generations.size]).toEqual([ITEMS, 1]);
        } catch (error) {
          if (!(error instanceof ArtifactInFlightError)) expect(error).toBeInstanceOf(NotPersistedError);
        }
      }
      expect(existsSync(folder.join(".persistable", "quarantine"))).toBe(false);
    },
  );
});

describe.each(["a folder", "memory"])("a stream in %s that is replaced after it was handed out", (kind) => {
  const CHUNK_BYTES = 8 * 1024 * 1024;
  const bytes = definePersistable({
    name: "bytes",
    params: typedParams<{ size: number }>(),
    format: byteStream(),
    generate: async function* ({ params: { size }, untracked }): AsyncGenerator<Uint8Array> {
      for (let left = size; left > 0; left -= CHUNK_BYTES)
        yield Buffer.alloc(Math.min(left, CHUNK_BYTES), untracked.fill as number);
    },
  });

  async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
    if (kind === "memory") return work(memoryStore());
    await using folder = await temporaryFolder();
    await work(fileStore(folder.path, { durable: false }));
    expect(existsSync(folder.join(".persistable", "quarantine"))).toBe(false);
  }

  async function drain(stream: AsyncIterable<Uint8Array>): Promise<Record<number, number>> {
    const counts: Record<number, number> = {};
    for await (const piece of stream) {
      const fill = piece[0] ?? -1;
      expect(piece.every((byte) => byte === fill)).toBe(true);
      counts[fill] = (counts[fill] ?? 0) + piece.length;
    }
    return counts;
  }

  it("begins with the new one where nothing was read yet, in the process that made it, too", () =>
    withStore(async (store) => {
      const build = () => bytes({ size: 100 }, { dataDir: store, logger: silent });
      const made = (await build().generate({ untracked: { fill: 1 } })) as AsyncIterable<Uint8Array>;
      const loaded = await build().load();
      expect(await drain(loaded)).toEqual({ 1: 100 });
      for (const fill of [2, 3]) await build().generate({ untracked: { fill } });
      expect(await drain(loaded)).toEqual({ 3: 100 });
      expect(await drain(made)).toEqual({ 3: 100 });
      await build().remove();
      await expect(drain(loaded)).rejects.toThrow(ArtifactInFlightError);
      await expect(drain(made)).rejects.toThrow(ArtifactInFlightError);
    }));

  it("is in flight where a part of it was read", () =>
    withStore(async (store) => {
      const build = () => bytes({ size: 3 * CHUNK_BYTES }, { dataDir: store, logger: silent });
      await build().generate({ untracked: { fill: 1 } });
      const reading = (await build().load())[Symbol.asyncIterator]();
      expect((await reading.next()).value?.[0]).toBe(1);
      await build().generate({ untracked: { fill: 2 } });
      const rest = async (): Promise<number> => {
        for (let count = 0; ; count++) if ((await reading.next()).done) return count;
      };
      await expect(rest()).rejects.toThrow(ArtifactInFlightError);
      expect(await drain(await build().load())).toEqual({ 2: 3 * CHUNK_BYTES });
    }));

  it("is damaged where it is its own bytes that are", () =>
    withStore(async (store) => {
      const build = () => bytes({ size: 100 }, { dataDir: store, logger: silent });
      await build().generate({ untracked: { fill: 1 } });
      const loaded = await build().load();
      for await (const { path: file } of store.list("bytes/"))
        if (file.endsWith(".bin")) await store.replace(file, [Buffer.alloc(100, 9)]);
      await expect(drain(loaded)).rejects.toThrow(CorruptArtifactError);
      if (kind === "a folder") await store.removeTree?.(storePath(".persistable", "quarantine"));
    }));
});
