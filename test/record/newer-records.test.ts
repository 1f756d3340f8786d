import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  collectOrphans,
  definePersistable,
  type Format,
  fileStore,
  json,
  memoryStore,
  NewerRecordError,
  type Store,
  type StorePath,
  structured,
  text,
  typedParams,
} from "../../src/entry/index.ts";
import { collect, plan, run } from "../../src/entry/pipeline.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { CHECKSUM_HEAD, COVERED_START } from "../../src/record/layout.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Replaces a text in the record, and makes its checksum fit. */
function forged(record: string, change: (text: string) => string): string {
  const covered = change(record.slice(COVERED_START));
  return `${CHECKSUM_HEAD}${sha256Hex(covered)}${covered}`;
}

/** Records of releases that do not exist yet. */
const newer: readonly (readonly [what: string, make: (record: string) => string])[] = [
  ["the number 2", (record) => forged(record, (text) => text.replace('"record": 1', '"record": 2'))],
  ["the number 10", (record) => forged(record, (text) => text.replace('"record": 1', '"record": 10'))],
  ["another scheme", (record) => forged(record, (text) => text.replace("persistable/1", "persistable/2"))],
  [
    "the number 2, other members and another checksum",
    (record) => record.replace("sha256:", "blake3:").replace('"record": 1', '"record": 2').replace('"name"', '"title"'),
  ],
  [
    "another scheme and another checksum",
    (record) => record.replace("sha256:", "blake3:").replace("persistable/1", "persistable/12"),
  ],
  [
    "another kind of digest",
    (record) => forged(record, (text) => text.replace('"digest": "sha256:', '"digest": "blake3:')),
  ],
  [
    "a kind of value in its params",
    (record) => forged(record, (text) => text.replace('"n": 1', '"n": {\n      "$decimal": "1"\n    }')),
  ],
];
/** Records that this release could not even parse. */
const unreadable: readonly (readonly [what: string, make: (record: string) => string])[] = [
  [
    "more than a megabyte",
    (record) => record.replace('"record": 1', '"record": 2').replace(/\}\n$/, `${" ".repeat(2 ** 20)}}\n`),
  ],
  [
    "200 levels",
    (record) =>
      record
        .replace('"record": 1', '"record": 2')
        .replace('"params": {', `"deep": ${"[".repeat(200)}${"]".repeat(200)},\n  "params": {`),
  ],
  ["an end that is no JSON", (record) => `${record.replace('"record": 1', '"record": 2')}--\nmore\n`],
];

/** Whether a record shows that it is newer only in places that the quick read skips. */
const isDeep = (what: string): boolean => what.startsWith("another kind") || what.startsWith("a kind");

const samples: readonly (readonly [title: string, format: unknown, inlineBytes: number | undefined])[] = [
  ["json inside", json(), undefined],
  ["text inside", text(), undefined],
  ["structured inside", structured(), undefined],
  ["json beside it", json(), 0],
];

async function prepare(format: unknown, inlineBytes: number | undefined) {
  const folder = await temporaryFolder();
  const dataDir = fileStore(folder.path, { durable: false });
  let generations = 0;
  const definition = definePersistable({
    name: "sample",
    params: typedParams<{ n: number }>(),
    format: format as Format<string>,
    inlineBytes,
    generate: (): string => {
      generations++;
      return "payload";
    },
  });
  const build = (store: Store = dataDir) => definition({ n: 1 }, { dataDir: store, logger: silent });
  await build().generate();
  const file = folder.join("sample", `${build().address}.json`);
  return {
    dataDir,
    build,
    file,
    record: readFileSync(file, "utf8"),
    files: () =>
      readdirSync(folder.path, { recursive: true, encoding: "utf8" })
        .filter((name) => name.includes("sample"))
        .sort(),
    get generations() {
      return generations;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe.each(samples)("a record with its payload as %s", (_title, format, inlineBytes) => {
  test.each(newer)("of a newer release, with %s, is refused everywhere and left as it is", async (what, make) => {
    await using rig = await prepare(format, inlineBytes);
    const record = make(rig.record);
    expect(record).not.toBe(rig.record);
    writeFileSync(rig.file, record);
    const files = rig.files();
    const isQuick = isDeep(what) && inlineBytes === undefined;
    const ways: Record<string, () => Promise<unknown>> = {
      ...(isQuick
        ? {}
        : {
            load: () => rig.build().load(),
            loadOrGenerate: () => rig.build().loadOrGenerate(),
            payload: () => rig.build().payload,
          }),
      isPersisted: () => rig.build().isPersisted(),
      explain: () => rig.build().explain(),
      record: () => rig.build().record(),
      collect: () => collect([rig.build()]),
    };
    for (const [way, ask] of Object.entries(ways)) {
      const error = await ask().catch((caught: unknown) => caught);
      expect([way, error]).toEqual([way, expect.any(NewerRecordError)]);
      expect((error as NewerRecordError).file).toContain(rig.build().address);
    }
    await (await plan([rig.build()])).bytesOnHand();
    await run([rig.build()], { handleSignals: false, keepRecord: false });
    expect(await collectOrphans(rig.dataDir, "sample", { graceMs: -1000 })).toEqual({ files: [], sizeBytes: 0 });
    expect(readFileSync(rig.file, "utf8")).toBe(record);
    expect(rig.files()).toEqual(files);
    expect(rig.generations).toBe(1);
    expect(await rig.build().remove()).toBe(true);
    expect(await rig.build().loadOrGenerate()).toBe("payload");
  });

  test.each(unreadable)("of a newer release, with %s, is left as it is", async (_what, make) => {
    await using rig = await prepare(format, inlineBytes);
    const record = make(rig.record);
    writeFileSync(rig.file, record);
    const files = rig.files();
    for (const way of ["load", "loadOrGenerate", "isPersisted", "explain", "record"] as const)
      await expect(rig.build()[way]()).rejects.toBeInstanceOf(NewerRecordError);
    expect(await collectOrphans(rig.dataDir, "sample", { graceMs: -1000 })).toEqual({ files: [], sizeBytes: 0 });
    expect(readFileSync(rig.file, "utf8")).toBe(record);
    expect(rig.files()).toEqual(files);
    // Such an end or size, and nothing newer, is damage.
    writeFileSync(rig.file, record.replace('"record": 2', '"record": 1'));
    await expect(rig.build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
  });

  test("in whose version a bit was flipped is damaged, and is generated again", async () => {
    await using rig = await prepare(format, inlineBytes);
    const record = Buffer.from(rig.record);
    const start = record.indexOf('  "record"');
    const end = record.indexOf("\n", record.indexOf('"scheme"'));
    for (let at = start; at < end; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(record);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        writeFileSync(rig.file, damaged);
        const error = await rig
          .build()
          .load()
          .catch((caught: unknown) => caught);
        expect([at - start, bit, error]).toEqual([
          at - start,
          bit,
          expect.objectContaining({ code: "PERSISTABLE_CORRUPT_ARTIFACT" }),
        ]);
      }
    }
    writeFileSync(rig.file, rig.record.replace('"record": 1', '"record": 5'));
    expect(await rig.build().loadOrGenerate()).toBe("payload");
    expect(rig.generations).toBe(2);
  });

  test("that says nothing of its version, or something that is none, is damaged", async () => {
    await using rig = await prepare(format, inlineBytes);
    for (const version of ["0", "-1", '"1"', "null", "[2]", "true"]) {
      writeFileSync(
        rig.file,
        forged(rig.record, (text) => text.replace('"record": 1', `"record": ${version}`)),
      );
      await expect(rig.build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
    }
    writeFileSync(
      rig.file,
      forged(rig.record, (text) => text.replace('  "record": 1,\n', "")),
    );
    await expect(rig.build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
  });
});

test.each(newer.filter(([what]) => !isDeep(what)))(
  "a record with %s is not replaced by one of this release in another layer",
  async (_what, make) => {
    await using rig = await prepare(json(), undefined);
    for (const mode of ["local:rw,remote:rw", "local:rw,remote:r"] as const) {
      const remote = memoryStore();
      const file = `sample/${rig.build().address}.json` as StorePath;
      await remote.createIfAbsent(file, [Buffer.from(rig.record)]);
      const newerRecord = make(rig.record);
      writeFileSync(rig.file, newerRecord);
      const dataDir = layeredStore({ local: rig.dataDir, remote, mode });
      for (const way of ["load", "loadOrGenerate", "isPersisted", "explain", "record"] as const)
        await expect(rig.build(dataDir)[way]()).rejects.toBeInstanceOf(NewerRecordError);
      expect(readFileSync(rig.file, "utf8")).toBe(newerRecord);
      expect(Buffer.from((await remote.read(file)) ?? "").toString()).toBe(rig.record);
    }
    expect(rig.generations).toBe(1);
  },
);

test("payloads without a record are collected beside a record of a newer release", async () => {
  await using rig = await prepare(json(), 0);
  writeFileSync(
    rig.file,
    forged(rig.record, (text) => text.replace('"record": 1', '"record": 2')),
  );
  const orphan = `${"0".repeat(64)}.00000000.json`;
  writeFileSync(rig.file.replace(/[^/\\]+$/, orphan), "orphan");
  expect(await collectOrphans(rig.dataDir, "sample", { graceMs: -1000 })).toEqual({
    files: [`sample/${orphan}`],
    sizeBytes: 6,
  });
});

test("values that only a newer release knows, among those handed to hooks, are left out", async () => {
  await using folder = await temporaryFolder();
  const definition = definePersistable({ name: "sample", format: json(), inlineBytes: 0, generate: (): string => "x" });
  const build = () => definition({}, { dataDir: folder.path, logger: silent });
  await build().generate({ untracked: { note: "why", other: 1 } });
  const file = folder.join("sample", `${build().address}.json`);
  writeFileSync(
    file,
    forged(readFileSync(file, "utf8"), (text) =>
      text.replace('"$untracked": "why"', '"$untracked": { "$decimal": "1" }'),
    ),
  );
  expect(await build().load()).toBe("x");
  expect((await build().record())?.untracked).toEqual({ other: 1 });
});
