import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  definePersistable,
  fileStore,
  json,
  npy,
  type Store,
  StoreIoError,
  typedParams,
} from "../../src/entry/index.ts";
import { CHECKSUM_HEAD, COVERED_START } from "../../src/record/layout.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";
import { withoutSynchronousDoor } from "../support/crash-planted-store.ts";
import { persistSample, type Rig, type Sample } from "./samples.ts";

const CORRUPT = "PERSISTABLE_CORRUPT_ARTIFACT";
const NEWER = "PERSISTABLE_NEWER_RECORD";
const NOT_A_FILE = "PERSISTABLE_NOT_A_FILE";

const inline: Sample = { title: "inline", format: json(), payload: (n) => ({ n, list: [n, n + 1] }) };
/** Payloads of all params are of one size. */
const file: Sample = {
  title: "file",
  format: npy(),
  payload: (n) => Float64Array.from({ length: 100 }, (_, i) => i + n),
};

/** Change the text of a record, and give it the right checksum again. */
function forge(path: string, change: (text: string) => string): void {
  const covered = change(readFileSync(path, "utf8").slice(COVERED_START));
  writeFileSync(path, `${CHECKSUM_HEAD}${sha256Hex(Buffer.from(covered))}${covered}`);
}

function swap(one: string, other: string): void {
  renameSync(one, `${one}~`);
  renameSync(other, one);
  renameSync(`${one}~`, other);
}

/**
 * Damage that is found by `load` and healed by `loadOrGenerate`, for each address that was damaged.
 */
async function expectHealed(rig: Rig, ...params: number[]): Promise<void> {
  for (const n of params) expect([n, await rig.load(n)]).toEqual([n, CORRUPT]);
  for (const n of params) {
    expect(await rig.loadOrGenerate(n)).toBe("right");
    expect([n, await rig.isSound(n)]).toEqual([n, true]);
  }
}

describe.each([inline, file])("an artifact ($title)", (sample) => {
  test("is corrupt when its record is that of another address", async () => {
    await using rig = await persistSample(sample);
    await rig.build(2).generate();
    copyFileSync(rig.recordFile(2), rig.recordFile(1));
    await expectHealed(rig, 1);
    expect(await rig.isSound(2)).toBe(true);
  });

  test("is corrupt when its record was swapped with that of another address", async () => {
    await using rig = await persistSample(sample);
    await rig.build(2).generate();
    swap(rig.recordFile(1), rig.recordFile(2));
    await expectHealed(rig, 1, 2);
  });

  test("is corrupt when its record is empty", async () => {
    await using rig = await persistSample(sample);
    writeFileSync(rig.recordFile(), "");
    await expectHealed(rig, 1);
  });

  test("is corrupt when its record is larger than any record", async () => {
    await using rig = await persistSample(sample);
    forge(rig.recordFile(), (text) =>
      text.replace('"provenance": {', `"provenance": { "x": "${"x".repeat(2 ** 21)}",`),
    );
    await expectHealed(rig, 1);
    writeFileSync(rig.recordFile(), Buffer.alloc(2 ** 21));
    await expectHealed(rig, 1);
  });

  test("can be generated over a record that is larger than any record", async () => {
    await using rig = await persistSample(sample);
    writeFileSync(rig.recordFile(), Buffer.alloc(2 ** 21));
    await rig.build().generate();
    expect(await rig.isSound()).toBe(true);
  });

  test("can be removed when its record is larger than any record", async () => {
    await using rig = await persistSample(sample);
    writeFileSync(rig.recordFile(), Buffer.alloc(2 ** 21));
    expect(await rig.build().remove()).toBe(true);
    expect(await rig.load()).toBe("PERSISTABLE_NOT_PERSISTED");
  });

  test("is corrupt when its record is nested 10,000 deep", async () => {
    await using rig = await persistSample(sample);
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    forge(rig.recordFile(), (text) => text.replace('"provenance": {', `"provenance": { "x": ${deep},`));
    expect((await rig.build().explain()).state).toBe("miss");
    if (sample === file) expect(await rig.load()).toBe(CORRUPT);
    writeFileSync(rig.recordFile(), deep);
    await expectHealed(rig, 1);
  });

  test("is corrupt when its record has no payload", async () => {
    await using rig = await persistSample(sample);
    forge(rig.recordFile(), (text) => text.replace(/"(inline|file)":/, '"other":'));
    await expectHealed(rig, 1);
  });

  test("of a newer release is refused and left as it is, by load and loadOrGenerate", async () => {
    await using rig = await persistSample(sample);
    forge(rig.recordFile(), (text) => text.replace('"record": 1', '"record": 2').replace('"format":', '"formats":'));
    const before = readFileSync(rig.recordFile());
    expect(await rig.load()).toBe(NEWER);
    expect(await rig.loadOrGenerate()).toBe(NEWER);
    expect(rig.generations).toBe(1);
    expect(readFileSync(rig.recordFile())).toEqual(before);
  });

  test("whose record computes its checksum in a newer way is refused and left as it is", async () => {
    await using rig = await persistSample(sample);
    const newer = readFileSync(rig.recordFile(), "utf8")
      .replace("sha256:", "sha512:")
      .replace('"record": 1', '"record": 2');
    writeFileSync(rig.recordFile(), newer);
    expect(await rig.load()).toBe(NEWER);
    expect(await rig.loadOrGenerate()).toBe(NEWER);
    expect(readFileSync(rig.recordFile(), "utf8")).toBe(newer);
  });

  test("is neither read nor generated when there is a folder in the place of its record", async () => {
    await using rig = await persistSample(sample);
    rmSync(rig.recordFile());
    mkdirSync(rig.recordFile());
    expect(await rig.load()).toBe(NOT_A_FILE);
    expect(await rig.loadOrGenerate()).toBe(NOT_A_FILE);
    expect(rig.generations).toBe(1);
    await expect(rig.build().generate()).rejects.toMatchObject({ code: NOT_A_FILE });
    expect(statSync(rig.recordFile()).isDirectory()).toBe(true);
    rmSync(rig.recordFile(), { recursive: true });
    expect(await rig.loadOrGenerate()).toBe("right");
  });

  test.skipIf(process.platform === "win32")("is not read through a symbolic link", async () => {
    await using rig = await persistSample(sample);
    const outside = rig.folder.join("outside.json");
    const before = readFileSync(rig.recordFile());
    renameSync(rig.recordFile(), outside);
    symlinkSync(outside, rig.recordFile());
    expect(await rig.load()).toBe(NOT_A_FILE);
    expect(await rig.loadOrGenerate()).toBe(NOT_A_FILE);
    await expect(rig.build().generate()).rejects.toMatchObject({ code: NOT_A_FILE });
    expect(lstatSync(rig.recordFile()).isSymbolicLink()).toBe(true);
    expect(readFileSync(outside)).toEqual(before);
  });
});

describe("an artifact with a payload file", () => {
  test("is corrupt when its payload was swapped with one of the same size", async () => {
    await using rig = await persistSample(file);
    await rig.build(2).generate();
    swap(rig.payloadFile(1) ?? "", rig.payloadFile(2) ?? "");
    await expectHealed(rig, 1, 2);
  });

  test("is corrupt when record and payload are those of another address", async () => {
    await using rig = await persistSample(file);
    await rig.build(2).generate();
    copyFileSync(rig.recordFile(2), rig.recordFile(1));
    copyFileSync(rig.payloadFile(2) ?? "", rig.payloadFile(1) ?? "");
    await expectHealed(rig, 1);
  });

  test("is corrupt when its payload is missing", async () => {
    await using rig = await persistSample(file);
    rmSync(rig.payloadFile() ?? "");
    await expectHealed(rig, 1);
  });

  test("is neither read nor generated when there is a folder in the place of its payload", async () => {
    await using rig = await persistSample(file);
    const payload = rig.payloadFile() ?? "";
    rmSync(payload);
    mkdirSync(payload);
    expect(await rig.load()).toBe(NOT_A_FILE);
    expect(await rig.loadOrGenerate()).toBe(NOT_A_FILE);
    expect(statSync(payload).isDirectory()).toBe(true);
  });

  test.skipIf(process.platform === "win32")("does not take its payload through a symbolic link", async () => {
    await using rig = await persistSample(file);
    const payload = rig.payloadFile() ?? "";
    const outside = rig.folder.join("outside.npy");
    renameSync(payload, outside);
    symlinkSync(outside, payload);
    expect(await rig.load()).toBe(NOT_A_FILE);
    expect(await rig.loadOrGenerate()).toBe(NOT_A_FILE);
    rmSync(payload);
    expect(await rig.loadOrGenerate()).toBe("right");
    expect(statSync(outside).size).toBeGreaterThan(0);
  });

  test.each(["../outside.npy", "/etc/hostname", "..\\outside.npy", "other.npy", ""])(
    "is corrupt when its record names the payload %j",
    async (name) => {
      await using rig = await persistSample(file);
      copyFileSync(rig.payloadFile() ?? "", rig.folder.join("outside.npy"));
      forge(rig.recordFile(), (text) => text.replace(/"file": "[^"]+"/, `"file": ${JSON.stringify(name)}`));
      expect(await rig.load()).toBe(CORRUPT);
      expect(await rig.loadOrGenerate()).toBe("right");
      expect(statSync(rig.folder.join("outside.npy")).size).toBeGreaterThan(0);
    },
  );

  test("is corrupt when a record with the right checksum describes other params", async () => {
    await using rig = await persistSample(file);
    forge(rig.recordFile(), (text) => text.replace('"n": 1', '"n": 2'));
    await expectHealed(rig, 1);
  });
});

/**
 * A hit is too quick to derive an address, and an attacker that can compute a checksum could forge
 * the payload as well.
 */
test("an inline record that was forged with the right checksum gives its payload, and is refused as a record", async () => {
  await using rig = await persistSample(inline);
  forge(rig.recordFile(), (text) => text.replace('"n": 1', '"n": 2'));
  await expect(rig.build().record()).rejects.toMatchObject({ code: CORRUPT });
  expect(await rig.build().isPersisted()).toBe(false);
  await rig.build().generate();
  expect(await rig.isSound()).toBe(true);
});

describe("what lies beside an artifact", () => {
  test.each<[string, (file: string) => void]>([
    ["an empty record", (file) => writeFileSync(file, "")],
    ["a record larger than any record", (file) => writeFileSync(file, Buffer.alloc(2 ** 21))],
    ["a record of a newer release", (file) => forge(file, (text) => text.replace('"record": 1', '"record": 2'))],
    [
      "a folder in the place of a record",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      "a symbolic link in the place of a record",
      (file) => {
        rmSync(file);
        symlinkSync("/nowhere", file);
      },
    ],
    ["a payload without a record", (file) => writeFileSync(`${file.slice(0, -5)}.00000000.npy`, "x")],
    ["a file of somebody else", (file) => writeFileSync(`${file}.orig`, "x")],
  ])("does not matter to it: %s", async (_what, damage) => {
    await using rig = await persistSample(inline);
    await rig.build(2).generate();
    damage(rig.recordFile(2));
    expect(await rig.isSound(1)).toBe(true);
    expect(await rig.load(3)).toBe("PERSISTABLE_NOT_PERSISTED");
    expect(await rig.loadOrGenerate(3)).toBe("right");
    expect(await rig.isSound(3)).toBe(true);
  });

  test("does not matter to it: a record that cannot be read", async () => {
    await using rig = await persistSample(inline);
    const store = withoutSynchronousDoor(fileStore(rig.folder.path, { durable: false }));
    const unreadable = path.basename(rig.recordFile());
    const dataDir: Store = {
      ...store,
      read: async (where, options) => {
        if (where.endsWith(unreadable)) throw new StoreIoError({ operation: "read", path: where, systemCode: "EIO" });
        return store.read(where, options);
      },
    };
    const definition = definePersistable({
      name: "sample",
      params: typedParams<{ n: number }>(),
      generate: ({ params }) => params.n,
    });
    const build = (n: number) =>
      definition({ n }, { dataDir, logger: { debug() {}, info() {}, warn() {}, error() {} } });
    expect(await build(2).loadOrGenerate()).toBe(2);
    await expect(build(3).load()).rejects.toMatchObject({ code: "PERSISTABLE_NOT_PERSISTED" });
    // The error guesses nothing about the artifact itself.
    await expect(build(1).loadOrGenerate()).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO" });
    expect(rig.generations).toBe(1);
  });
});
