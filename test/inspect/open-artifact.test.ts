import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { generateIdentity } from "age-encryption";
import { describe, expect, test } from "vitest";
import { UnresolvedArtifactError } from "../../src/errors/artifact-errors.ts";
import { UndeclaredClassError, UnknownFormatError, WrongKeyError } from "../../src/errors/format-errors.ts";
import { gzip, json, structured, text } from "../../src/format/built-in/built-in-formats.ts";
import type { Format } from "../../src/format/format.ts";
import { directory } from "../../src/format/stored/directory-format.ts";
import { encrypted } from "../../src/format/wrappers/encrypted-format.ts";
import { openArtifact } from "../../src/inspect/open-artifact.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { defineClass } from "../../src/util/class-codec.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const counted = definePersistable({
  name: "counted",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => ({ n: params.n, list: [1, 2, 3] }),
});

const shapes = definePersistable({
  name: "shapes",
  format: directory(),
  generate: async ({ workDir }) => {
    await mkdir(path.join(workDir, "deep"));
    await writeFile(path.join(workDir, "a.txt"), "alpha");
    await writeFile(path.join(workDir, "deep", "b.txt"), "beta");
    return workDir;
  },
});

describe("an artifact is found", () => {
  test("by its address, by the first digits of it, and by its name before them", async () => {
    const dataDir = memoryStore();
    const one = counted({ n: 1 }, { dataDir });
    await one.payload;
    const { address } = one;
    for (const asked of [address, address.slice(0, 8), `counted/${address}`, `counted/${address.slice(0, 4)}`]) {
      const { record } = await openArtifact(dataDir, asked);
      expect([record.address, record.params]).toEqual([address, { n: 1 }]);
    }
  });

  test("and what does not mean one artifact is refused, with those that it may mean", async () => {
    const dataDir = memoryStore();
    await counted({ n: 1 }, { dataDir }).payload;
    for (const asked of ["", "abc", "counted", "../../etc/passwd", "counted/../../1234", "12345678", "nothing/1234"])
      await expect(openArtifact(dataDir, asked)).rejects.toThrow(UnresolvedArtifactError);
    const same = definePersistable({ name: "same", generate: () => 1 });
    await same({}, { dataDir }).payload;
    const { address } = same();
    const bytes = (await dataDir.read(`same/${address}.json` as never)) ?? new Uint8Array();
    const other = `same/${address.slice(0, 8)}${"0".repeat(56)}.json` as never;
    await dataDir.replace(other, [bytes]);
    const error = await openArtifact(dataDir, address.slice(0, 8)).catch((caught: unknown) => caught);
    expect((error as UnresolvedArtifactError).matches).toHaveLength(2);
  });

  test("but not a record at a place that is not its own", async () => {
    const dataDir = memoryStore();
    const one = counted({ n: 1 }, { dataDir });
    await one.payload;
    const bytes = (await dataDir.read(`counted/${one.address}.json` as never)) ?? new Uint8Array();
    const strange = `counted/${"ab".repeat(32)}.json` as never;
    await dataDir.replace(strange, [bytes]);
    await expect(openArtifact(dataDir, "abababab")).rejects.toThrow("of another address");
    await dataDir.replace(`other/${one.address}.json` as never, [bytes]);
    await expect(openArtifact(dataDir, `other/${one.address}`)).rejects.toThrow("of another name");
    await dataDir.replace(`torn/${"cd".repeat(32)}.json` as never, [bytes.subarray(0, 50)]);
    await expect(openArtifact(dataDir, "torn/cdcd")).rejects.toThrow("does not match its checksum");
  });
});

describe("a payload is read without its definition", () => {
  test("whether it lies inside its record or beside it", async () => {
    const big = definePersistable({ name: "big", format: gzip(json()), generate: () => "x".repeat(100_000) });
    const long = definePersistable({ name: "long", format: text(), generate: () => "0123456789".repeat(1000) });
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    for (const persistable of [counted({ n: 2 }, { dataDir }), big({}, { dataDir }), long({}, { dataDir })]) {
      const payload = await persistable.payload;
      const artifact = await openArtifact(dataDir, persistable.address);
      expect(await artifact.payload()).toEqual(payload);
      expect(await artifact.verify()).toEqual({ isIntact: true, damaged: [] });
      expect(await artifact.files()).toEqual([]);
      expect(await artifact.bytes()).toHaveLength(artifact.record.payload.sizeBytes);
    }
    const artifact = await openArtifact(dataDir, long().address);
    expect(Buffer.from(await artifact.bytes({ range: { start: 8, end: 12 } })).toString()).toBe("8901");
    expect(await artifact.bytes({ range: { start: 9998, end: 20_000 } })).toHaveLength(2);
  });

  test("of more than 8 MiB, a range of bytes is verified, and damage is found", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    const huge = definePersistable({ name: "huge", format: text(), generate: () => "0123456789".repeat(1_000_000) });
    const persistable = huge({}, { dataDir });
    await persistable.payload;
    const artifact = await openArtifact(dataDir, persistable.address);
    expect(Buffer.from(await artifact.bytes({ range: { start: 9_000_000, end: 9_000_004 } })).toString()).toBe("0123");
    const file = folder.join("huge", artifact.record.payload.file ?? "");
    const bytes = await readFile(file);
    bytes[9_500_000] = 65;
    await writeFile(file, bytes);
    expect(await artifact.verify()).toMatchObject({
      isIntact: false,
      damaged: [{ problem: "does not match its digest" }],
    });
    await expect(artifact.bytes({ range: { start: 0, end: 4 } })).rejects.toThrow("is damaged");
    // What is looked at is not set aside.
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  test("of several files, each by its path", async () => {
    await using folder = await temporaryFolder();
    const persistable = shapes({}, { dataDir: folder.path });
    await persistable.payload;
    const artifact = await openArtifact(folder.path, persistable.address);
    expect((await artifact.files()).map((file) => file.path).sort()).toEqual(["a.txt", "deep/b.txt"]);
    expect(Buffer.from(await artifact.bytes({ file: "deep/b.txt" })).toString()).toBe("beta");
    expect(Buffer.from(await artifact.bytes({ file: "a.txt", range: { start: 1, end: 3 } })).toString()).toBe("lp");
    for (const file of ["../../secret", "b.txt", "/etc/passwd", "deep"])
      await expect(artifact.bytes({ file })).rejects.toThrow(UnresolvedArtifactError);
    expect(await readdir(String(await artifact.payload()))).toEqual(["a.txt", "deep"]);
    expect(await artifact.preview()).toMatchObject({ kind: "files", fileCount: 2, totalBytes: 9 });
  });

  test.skipIf(process.platform === "win32")("a link in the place of a file leads nowhere", async () => {
    await using folder = await temporaryFolder();
    await using outside = await temporaryFolder();
    await writeFile(outside.join("a.txt"), "alpha");
    const persistable = shapes({}, { dataDir: folder.path });
    const stored = await persistable.payload;
    const artifact = await openArtifact(folder.path, persistable.address);
    const { rm } = await import("node:fs/promises");
    await rm(path.join(stored, "a.txt"));
    await symlink(outside.join("a.txt"), path.join(stored, "a.txt"));
    await expect(artifact.bytes({ file: "a.txt" })).rejects.toThrow();
    await expect(artifact.payload()).rejects.toThrow();
  });
});

describe("what a record does not hold is asked for", () => {
  class Money {
    readonly amount: number;
    constructor(amount: number) {
      this.amount = amount;
    }
  }
  const money = defineClass(Money, { encode: ({ amount }) => amount, decode: (amount) => new Money(amount) });

  test("classes", async () => {
    const dataDir = memoryStore();
    const format = structured({ classes: [money] });
    const priced = definePersistable({
      name: "priced",
      params: typedParams<{ price: Money }>(),
      classes: [money],
      format,
      generate: ({ params }) => [params.price],
    });
    const persistable = priced({ price: new Money(5) }, { dataDir });
    await persistable.payload;
    const blind = await openArtifact(dataDir, persistable.address);
    await expect(blind.payload()).rejects.toThrow(UndeclaredClassError);
    const preview = await blind.preview();
    expect(preview).toMatchObject({ kind: "hex", problem: expect.stringContaining("Money") as string });
    const artifact = await openArtifact(dataDir, persistable.address, { classes: [money] });
    expect(artifact.record.params).toEqual({ price: new Money(5) });
    expect(await artifact.payload()).toEqual([new Money(5)]);
  });

  test("keys", async () => {
    const dataDir = memoryStore();
    const identity = await generateIdentity();
    const keys = { identity };
    const hidden = definePersistable({ name: "hidden", format: encrypted(json(), keys), generate: () => ({ a: 1 }) });
    const persistable = hidden({}, { dataDir });
    await persistable.payload;
    const locked = await openArtifact(dataDir, persistable.address);
    await expect(locked.payload()).rejects.toThrow(WrongKeyError);
    expect(await locked.verify()).toMatchObject({ isIntact: true });
    expect(await locked.preview()).toMatchObject({ kind: "hex", problem: expect.stringContaining("key") as string });
    const artifact = await openArtifact(dataDir, persistable.address, { keys });
    expect(await artifact.payload()).toEqual({ a: 1 });
    expect(await artifact.preview()).toMatchObject({ kind: "tree", root: { childCount: 1 } });
  });

  test("a format of one's own, with its preview", async () => {
    const dataDir = memoryStore();
    const upper: Format<string> = {
      id: "upper-case",
      extension: ".txt",
      inline: false,
      check: () => {},
      encode: (payload) => [new TextEncoder().encode(payload)],
      decode: (bytes) => new TextDecoder().decode(bytes),
      preview: async (source) => ({
        kind: "tree",
        root: { type: "upper", text: Buffer.from(await source.read(0, 2)).toString() },
        isCut: false,
      }),
    };
    const shouted = definePersistable({ name: "shouted", format: upper, generate: () => "HELLO" });
    const persistable = shouted({}, { dataDir });
    await persistable.payload;
    const blind = await openArtifact(dataDir, persistable.address);
    await expect(blind.payload()).rejects.toThrow(UnknownFormatError);
    expect(await blind.preview()).toMatchObject({ kind: "hex", shownBytes: 5 });
    const artifact = await openArtifact(dataDir, persistable.address, { formats: [upper] });
    expect(await artifact.payload()).toBe("HELLO");
    expect(await artifact.preview()).toEqual({ kind: "tree", root: { type: "upper", text: "HE" }, isCut: false });
  });
});
