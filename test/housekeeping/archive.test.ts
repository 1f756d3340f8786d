import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { acceptedPath, sourcePath } from "../../src/artifact/layout/artifact-paths.ts";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import { InvalidArchiveError } from "../../src/errors/archive-errors.ts";
import { structured } from "../../src/format/built-in/built-in-formats.ts";
import { directory } from "../../src/format/stored/directory-format.ts";
import { exportArtifacts } from "../../src/housekeeping/archive/export-artifacts.ts";
import { importArtifacts } from "../../src/housekeeping/archive/import-artifacts.ts";
import { copyArtifacts } from "../../src/housekeeping/copy-artifacts.ts";
import { listTags, pinArtifact, tagArtifact } from "../../src/housekeeping/tags.ts";
import { verifyArtifacts } from "../../src/housekeeping/verify-artifacts.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { acceptSource } from "../../src/persistable/load/accepted-source.ts";
import type { ArtifactRecord } from "../../src/record/record.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { safeName } from "../../src/util/safe-name.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { estimatorBefore, estimatorToday } from "./changed-estimators.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: structured(),
  generate: ({ params }) => new Float64Array(params.n),
});
const pages = definePersistable({
  name: "Pages of points",
  dependencies: { points },
  format: directory(),
  generate: async ({ workDir, dependencies }) => {
    await mkdir(path.join(workDir, "deep"));
    await writeFile(path.join(workDir, "deep", "a.txt"), String((await dependencies.points.payload).length));
    await writeFile(path.join(workDir, "empty.txt"), "");
    return workDir;
  },
});

/** A payload inside its record, one beside its record, and one that is a folder. */
async function makeStudy(dataDir: string): Promise<void> {
  await pages({ points: { n: 2000 } }, { dataDir }).payload;
  await points({ n: 3 }, { dataDir }).payload;
}

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly type?: string;
  readonly linkname?: string;
}

async function readTar(file: string): Promise<Entry[]> {
  const tar = extract();
  tar.end(await readFile(file));
  const entries: Entry[] = [];
  for await (const entry of tar) entries.push({ name: entry.header.name, bytes: await buffer(entry) });
  return entries;
}

async function writeTar(file: string, entries: readonly Entry[]): Promise<void> {
  const tar = pack();
  for (const { bytes, ...header } of entries) {
    const isFile = header.type === undefined;
    const sink = tar.entry({ ...header, size: isFile ? bytes.length : 0, mtime: new Date(0) }, () => {});
    if (isFile) sink.end(bytes);
  }
  tar.finalize();
  await writeFile(file, await buffer(tar));
}

test("an archive holds artifacts whole, brings them into another store, and is a data directory", async () => {
  await using folder = await temporaryFolder();
  const [dataDir, file] = [folder.join("from"), folder.join("study.tar")];
  await makeStudy(dataDir);
  const seen: string[] = [];
  const onProgress = ({ artifact, done, total }: { artifact: { outcome: string }; done: number; total: number }) =>
    seen.push(`${artifact.outcome} ${done}/${total}`);
  const onlyPages = { query: '"Pages of points"', withUpstream: true, onProgress };
  expect(await exportArtifacts(dataDir, file, onlyPages)).toEqual({ copied: 2, present: 0, tags: 0, problems: [] });
  expect(seen).toEqual(["copied 1/2", "copied 2/2"]);
  await expect(exportArtifacts(dataDir, file)).rejects.toThrow("which exists");
  const to = folder.join("to");
  expect(await importArtifacts(file, to, { onProgress })).toEqual({ copied: 2, present: 0, tags: 0, problems: [] });
  expect(seen.slice(2)).toEqual(["copied 1/2", "copied 2/2"]);
  expect(await importArtifacts(file, to)).toEqual({ copied: 0, present: 2, tags: 0, problems: [] });
  expect(await verifyArtifacts(to)).toEqual({ verified: 2, intact: 2, problems: [] });
  const loaded = await pages({ points: { n: 2000 } }, { dataDir: to }).load();
  expect(await readFile(path.join(String(loaded), "deep", "a.txt"), "utf8")).toBe("2000");
  const unpacked = folder.join("unpacked");
  for (const { name, bytes } of await readTar(file)) {
    await mkdir(path.dirname(path.join(unpacked, name)), { recursive: true });
    await writeFile(path.join(unpacked, name), bytes);
  }
  expect(await verifyArtifacts(unpacked)).toMatchObject({ verified: 2, intact: 2 });
});

test("tags and pins go with their artifacts, and a tag that the other store has elsewhere stays there", async () => {
  await using folder = await temporaryFolder();
  const [dataDir, file, copied] = [folder.join("from"), folder.join("study.tar"), folder.join("copied")];
  await makeStudy(dataDir);
  const [three, many] = [3, 2000].map((n) => `points/${points({ n }).address}`);
  const marks = [
    await tagArtifact(dataDir, three ?? "", "paper"),
    await tagArtifact(dataDir, many ?? "", "big"),
    await pinArtifact(dataDir, three ?? ""),
  ];
  expect(await exportArtifacts(dataDir, file, { where: ({ params }) => params.n === 3 })).toMatchObject({ tags: 2 });
  const to = folder.join("to");
  expect(await importArtifacts(file, to, { withTags: false })).toMatchObject({ copied: 1, tags: 0 });
  expect(await importArtifacts(file, to)).toEqual({ copied: 0, present: 1, tags: 2, problems: [] });
  expect(await importArtifacts(file, to)).toMatchObject({ tags: 0, problems: [] });
  expect(await listTags(to)).toEqual([marks[2], marks[0]]);
  await points({ n: 2000 }, { dataDir: to }).payload;
  await tagArtifact(to, many ?? "", "paper");
  expect(await importArtifacts(file, to)).toMatchObject({ tags: 0, problems: [{ outcome: "different" }] });
  expect(await listTags(to)).toMatchObject([{ ...marks[2] }, { tag: "paper", address: marks[1]?.address }]);
  expect(await copyArtifacts(dataDir, copied)).toEqual({ copied: 3, present: 0, tags: 3, problems: [] });
  expect(await listTags(copied)).toEqual(await listTags(dataDir));
  // Without tags, an archive is one that earlier releases read.
  await exportArtifacts(dataDir, folder.join("plain.tar"), { withTags: false });
  const [head] = await readTar(folder.join("plain.tar"));
  expect(head?.bytes.toString()).toBe('{"archive":1}\n');
});

/** Two artifacts of another source than today's, which is accepted for the first of them. */
async function makeAccepted(dataDir: Store) {
  const [before, today] = [estimatorBefore, estimatorToday];
  for (const n of [1, 2]) await before({ n }, { dataDir }).payload;
  await today({ n: 3 }, { dataDir }).payload;
  const sourceOf = async (made: { record(): Promise<ArtifactRecord | undefined> }): Promise<string> =>
    String((await made.record())?.provenance.source);
  const { address } = before({ n: 1 });
  const recorded = await sourceOf(before({ n: 1 }, { dataDir }));
  const change = { name: "estimator", address, recorded, accepted: await sourceOf(today({ n: 3 }, { dataDir })) };
  await acceptSource(dataDir, change, {});
  return { before, today, change };
}

test("the source of artifacts and the changes of it that were accepted are in an archive", async () => {
  await using folder = await temporaryFolder();
  const [from, to, file] = [memoryStore(), memoryStore(), folder.join("study.tar")];
  const { today, change } = await makeAccepted(from);
  await from.replace(storePath("estimator", "sources", `${"ab".repeat(32)}.txt`), [Buffer.from("of no artifact")]);
  await exportArtifacts(from, file, { query: "estimator n<3" });
  expect(await importArtifacts(file, to)).toMatchObject({ copied: 2, problems: [] });
  expect(await today({ n: 1 }, { dataDir: to }).load()).toBe(1);
  await expect(today({ n: 2 }, { dataDir: to }).load()).rejects.toThrow(/return params\.n \+ 0/);
  const entries = await readTar(file);
  expect(entries.map(({ name }) => name).slice(-3)).toEqual([
    acceptedPath("estimator", change.address, change.accepted),
    sourcePath("estimator", change.recorded),
    "persistable-archive-end.json",
  ]);
  expect(entries[0]?.bytes.toString()).toBe('{"archive":3}\n');
});

test("what was accepted of another payload of a recipe stays outside, and is replaced where it is outdated", async () => {
  await using folder = await temporaryFolder();
  const [from, to, file] = [memoryStore(), memoryStore(), folder.join("study.tar")];
  const { before, today, change } = await makeAccepted(from);
  await exportArtifacts(from, file);
  // The same recipe, made by today's source: nothing has to be accepted.
  await today({ n: 1 }, { dataDir: to }).payload;
  const outdated = { ...change, recorded: change.accepted };
  await acceptSource(to, outdated, {});
  const path = acceptedPath("estimator", change.address, change.accepted);
  const theirs = await to.read(path);
  expect(await importArtifacts(file, to)).toMatchObject({ copied: 2, problems: [{ outcome: "different" }] });
  expect(await to.read(path)).toEqual(theirs);
  await today({ n: 1 }, { dataDir: to }).remove();
  await acceptSource(to, outdated, {});
  expect(await importArtifacts(file, to)).toMatchObject({ copied: 1, problems: [] });
  expect(await today({ n: 1 }, { dataDir: to }).load()).toBe(1);
  expect(await before({ n: 1 }, { dataDir: to }).load()).toBe(1);
});

test.each([1, 2])("an archive of version %i is read as ever", async (version) => {
  const file = path.join(import.meta.dirname, `fixtures/archive-${version}.tar`);
  const to = memoryStore();
  const marks = version === 2 ? [{ name: "sums", tag: "paper" }] : [];
  expect((await readTar(file))[0]?.bytes.toString()).toBe(`{"archive":${version}}\n`);
  expect(await importArtifacts(file, to)).toEqual({ copied: 2, present: 0, tags: marks.length, problems: [] });
  const sums = definePersistable({
    name: "sums",
    params: typedParams<{ n: number }>(),
    onSourceChange: "ignore",
    generate: (): number => 0,
  });
  expect(await Promise.all([1, 2].map((n) => sums({ n }, { dataDir: to }).load()))).toEqual([2, 3]);
  expect(await listTags(to)).toMatchObject(marks);
});

test("damaged artifacts stay outside, and another payload of a recipe stays as it is", async () => {
  await using folder = await temporaryFolder();
  const [dataDir, file] = [folder.join("from"), folder.join("study.tar")];
  await makeStudy(dataDir);
  const { address } = points({ n: 3 });
  await writeFile(path.join(dataDir, recordPath("points", address)), "{}");
  const exported = await exportArtifacts(dataDir, file);
  expect(exported).toMatchObject({ copied: 2, problems: [{ outcome: "damaged" }] });
  const to = memoryStore();
  await points({ n: 2000 }, { dataDir: to }).payload;
  expect(await importArtifacts(file, to)).toMatchObject({ copied: 1, problems: [{ outcome: "different" }] });
  expect(await verifyArtifacts(to)).toMatchObject({ verified: 2, intact: 2 });
});

test("an export that is broken off leaves no file", async () => {
  await using folder = await temporaryFolder();
  const dataDir = folder.join("from");
  await makeStudy(dataDir);
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  const file = folder.join("study.tar");
  await expect(exportArtifacts(dataDir, file, { signal: stop.signal, onProgress })).rejects.toThrow("enough");
  expect(await readdir(folder.path)).toEqual(["from"]);
});

describe("an archive that could do harm is refused as a whole:", () => {
  const isPayload = (name: string) => name.startsWith("points/") && !/^points\/[0-9a-f]{64}\.json$/.test(name);
  const isRecord = (name: string) => /^points\/[0-9a-f]{64}\.json$/.test(name);
  const isInner = (name: string) => name.includes(".files/");
  const changed = (entries: Entry[], is: (name: string) => boolean, change: (entry: Entry) => Entry[]) =>
    entries.flatMap((entry) => (is(entry.name) ? change(entry) : [entry]));
  const flip = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    return copy;
  };
  const empty = Buffer.alloc(0);

  const withTag = (all: Entry[], change: (entry: Entry) => Entry) =>
    changed(
      all,
      (name) => name.startsWith(".persistable/tags/"),
      (one) => [change(one)],
    );

  const isSource = (name: string) => name.includes("/sources/");
  const isNote = (name: string) => name.includes(".accepted-");
  const withNote = (all: Entry[], change: (entry: Entry) => Entry[]) => changed(all, isNote, change);

  const attacks: Record<string, (entries: Entry[]) => Entry[]> = {
    "a symbolic link": (all) => [...all.slice(0, 1), { name: "points", bytes: empty, type: "symlink", linkname: "/" }],
    "a hard link in the place of a payload": (all) =>
      changed(all, isPayload, ({ name }) => [{ name, bytes: empty, type: "link", linkname: "/etc/passwd" }]),
    "a device": (all) => [...all, { name: "points/zero", bytes: empty, type: "character-device" }],
    "an absolute path": (all) => changed(all, isPayload, ({ bytes }) => [{ name: "/tmp/payload", bytes }]),
    "a path that leads out": (all) => changed(all, isInner, (one) => [{ ...one, name: "points/../../out" }]),
    "a path into the internal folder": (all) =>
      changed(all, isRecord, (one) => [{ ...one, name: ".persistable/x.json" }]),
    "an artifact that is there twice": (all) => [...all.slice(0, -1), ...all.slice(1, -1), ...all.slice(-1)],
    "a payload that is there twice": (all) => changed(all, isPayload, (one) => [one, one]),
    "a payload with other bytes": (all) => changed(all, isPayload, (one) => [{ ...one, bytes: flip(one.bytes) }]),
    "a payload that is too long": (all) =>
      changed(all, isPayload, (one) => [{ ...one, bytes: Buffer.concat([one.bytes, one.bytes]) }]),
    "a file of a folder with other bytes": (all) =>
      changed(all, isInner, (one) => [{ ...one, bytes: Buffer.from("9999") }]),
    "a file that no list names": (all) =>
      changed(all, isPayload, (one) => [one, { name: "points/more", bytes: empty }]),
    "a payload without its record": (all) => changed(all, isRecord, () => []),
    "a record with other bytes": (all) => changed(all, isRecord, (one) => [{ ...one, bytes: flip(one.bytes) }]),
    "a record at another address": (all) =>
      changed(all, isRecord, (one) => [{ ...one, name: `points/${"ab".repeat(32)}.json` }]),
    "a record of another name": (all) =>
      changed(all, isRecord, (one) => [{ ...one, name: one.name.replace("points", "fits") }]),
    "a record that would fill the memory": (all) =>
      changed(all, isRecord, (one) => [{ ...one, bytes: Buffer.alloc(2 ** 21, 32) }]),
    "no end": (all) => all.slice(0, -1),
    "fewer artifacts than it says": (all) =>
      changed(
        all,
        (name) => isRecord(name) || isPayload(name),
        () => [],
      ),
    "something after the end": (all) => [...all, { name: "points/later", bytes: empty }],
    "a newer version": (all) => [{ name: all[0]?.name ?? "", bytes: Buffer.from('{"archive":4}') }, ...all.slice(1)],
    "a tag that is no tag": (all) => withTag(all, (one) => ({ ...one, bytes: Buffer.from("{}") })),
    "a tag of another name": (all) => withTag(all, (one) => ({ ...one, name: one.name.replace("paper", "other") })),
    "a tag with an escape sequence": (all) =>
      withTag(all, (one) => {
        const text = "\u001b[31mred";
        const name = `.persistable/tags/points/${safeName(text)}.json`;
        return { name, bytes: Buffer.from(JSON.stringify({ ...JSON.parse(one.bytes.toString()), tag: text })) };
      }),
    "a tag of an artifact that is not there": (all) =>
      withTag(all, (one) => ({
        ...one,
        bytes: Buffer.from(one.bytes.toString().replace(/[0-9a-f]{64}/, "ab".repeat(32))),
      })),
    "a tag that would fill the memory": (all) =>
      withTag(all, (one) => ({ ...one, bytes: Buffer.concat([one.bytes, Buffer.alloc(2 ** 21, 32)]) })),
    "a tag that is there twice": (all) => [...all.slice(0, -1), ...all.slice(-2)],
    "a tag that leads out": (all) => withTag(all, (one) => ({ ...one, name: ".persistable/tags/../../out.json" })),
    "a note of another source": (all) =>
      withNote(all, (one) => [{ ...one, bytes: Buffer.from(one.bytes.toString().replace("sha256:", "sha256:00")) }]),
    "a note of an artifact that is not there": (all) =>
      withNote(all, (one) => [{ ...one, name: one.name.replace(/[0-9a-f]{64}/, "ab".repeat(32)) }]),
    "a note before its artifact": (all) => [
      ...all.slice(0, 1),
      ...all.filter(({ name }) => isNote(name)),
      ...all.slice(1),
    ],
    "a note that is there twice": (all) => withNote(all, (one) => [one, one]),
    "a note that is none": (all) => withNote(all, (one) => [{ ...one, bytes: Buffer.from("{}") }]),
    "a note that would fill the memory": (all) =>
      withNote(all, (one) => [{ ...one, bytes: Buffer.concat([one.bytes, Buffer.alloc(2 ** 21, 32)]) }]),
    "a source with other bytes": (all) =>
      changed(all, isSource, (one) => [{ ...one, bytes: Buffer.concat([one.bytes, Buffer.from("\u001b[31m")]) }]),
    "a source that made nothing": (all) =>
      changed(all, isSource, (one) => [{ ...one, name: `points/sources/${"ab".repeat(32)}.txt` }]),
    "no version": (all) => all.slice(1),
    nothing: () => [],
  };

  test("each way, and every file that is cut short or no tar", async () => {
    await using folder = await temporaryFolder();
    const [dataDir, good, bad] = [folder.join("from"), folder.join("good.tar"), folder.join("bad.tar")];
    await makeStudy(dataDir);
    await tagArtifact(dataDir, `points/${points({ n: 3 }).address}`, "paper");
    await makeAccepted(fileStore(dataDir));
    await exportArtifacts(dataDir, good);
    const entries = await readTar(good);
    const to = folder.join("to");
    const refuses = async (title: string): Promise<void> => {
      const error = await importArtifacts(bad, to).then(
        (report) => report,
        (thrown: unknown) => thrown,
      );
      expect(error, title).toBeInstanceOf(InvalidArchiveError);
      expect(await stat(to).catch(() => "absent"), title).toBe("absent");
    };
    for (const [title, attack] of Object.entries(attacks)) {
      await writeTar(bad, attack(entries));
      await refuses(title);
    }
    const bytes = await readFile(good);
    for (const length of [1, 511, 700, 1024, bytes.length >> 1, bytes.length - 1536]) {
      await writeFile(bad, bytes.subarray(0, length));
      await refuses(`cut to ${length} of ${bytes.length}`);
    }
    await writeFile(bad, Buffer.alloc(5000, "this is not a tar file "));
    await refuses("a text");
    await writeTar(bad, entries);
    expect(await importArtifacts(bad, to)).toMatchObject({ copied: 6 });
    await expect(importArtifacts(folder.join("missing.tar"), to)).rejects.toThrow("ENOENT");
  });
});
