import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { directory } from "../../src/entry/formats/directory.ts";
import { records } from "../../src/entry/formats/records.ts";
import {
  bytes,
  definePersistable,
  type Format,
  json,
  type Logger,
  memoryStore,
  npy,
  type StorePath,
  structured,
  text,
} from "../../src/entry/index.ts";
import { collect, plan, readFailure, run } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const BOM = "\u{feff}";

/** The ways in which tools rewrite files that they take for text. */
const rewritings: readonly (readonly [what: string, rewrite: (text: string) => string])[] = [
  ["CR LF line ends", (text) => text.replaceAll("\n", "\r\n")],
  ["a byte order mark", (text) => `${BOM}${text}`],
  ["a byte order mark and CR LF line ends", (text) => `${BOM}${text.replaceAll("\n", "\r\n")}`],
  ["CR LF in every other line", (text) => text.replaceAll(/\n(?=(?:[^\n]*\n[^\n]*\n)*[^\n]*$)/g, "\r\n")],
  ["CR LF in its first line", (text) => text.replace("\n", "\r\n")],
  ["CR LF in its last line", (text) => text.replace(/\n$/, "\r\n")],
];

const samples: readonly (readonly [
  title: string,
  format: unknown,
  payload: unknown,
  inlineBytes: number | undefined,
])[] = [
  ["json inside", json(), { lines: "one\r\ntwo\nthree\r", bom: BOM, list: [1, 2.5] }, undefined],
  ["text inside", text(), `${BOM}one\r\ntwo\nthree\r`, undefined],
  ["bytes inside", bytes(), Uint8Array.of(13, 10, 10, 13), undefined],
  ["structured inside", structured(), new Map([["at", new Date(0)]]), undefined],
  ["a payload file", npy(), Float64Array.of(1, 2, 3), 0],
];

function define(format: unknown, payload: unknown, inlineBytes?: number) {
  const warnings: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} };
  let generations = 0;
  const definition = definePersistable({
    name: "sample",
    format: format as Format,
    ...(inlineBytes === undefined ? {} : { inlineBytes }),
    generate: (): unknown => {
      generations++;
      return payload;
    },
  });
  return {
    warnings,
    build: (dataDir: string) => definition({}, { dataDir, logger }),
    get generations() {
      return generations;
    },
  };
}

function recordIn(folder: string): string {
  const name = readdirSync(path.join(folder, "sample")).find((file) => /^[0-9a-f]{64}\.json$/.test(file));
  return path.join(folder, "sample", name ?? "");
}

describe.each(samples)("a record with %s", (_title, format, payload, inlineBytes) => {
  test.each(rewritings)("that was given %s is read as it was", async (_what, rewrite) => {
    await using folder = await temporaryFolder();
    const sample = define(format, payload, inlineBytes);
    const build = () => sample.build(folder.path);
    await build().generate();
    const before = { record: await build().record(), bytesOnHand: await (await plan([build()])).bytesOnHand() };
    const rewritten = rewrite(readFileSync(recordIn(folder.path), "utf8"));
    writeFileSync(recordIn(folder.path), rewritten);
    expect(await build().load()).toEqual(payload);
    expect(await build().loadOrGenerate()).toEqual(payload);
    expect(await build().isPersisted()).toBe(true);
    expect(await build().record()).toEqual(before.record);
    expect((await build().explain()).state).toBe("hit");
    expect((await collect([build()])).rows[0]?.["artifact.state"]).toBe("persisted");
    expect(await (await plan([build()])).bytesOnHand()).toBe(before.bytesOnHand);
    expect(sample.generations).toBe(1);
    expect(sample.warnings).toEqual([]);
    expect(readFileSync(recordIn(folder.path), "utf8")).toBe(rewritten);
    // Another record replaces it, and the payload that it named is removed.
    await build().generate();
    expect(readdirSync(folder.join("sample"))).toHaveLength(inlineBytes === 0 ? 2 : 1);
    expect(await build().remove()).toBe(true);
    expect(readdirSync(folder.join("sample"))).toEqual([]);
  });

  test.each<[string, (value: unknown) => string]>([
    ["four spaces", (value) => `${JSON.stringify(value, undefined, 4)}\n`],
    ["tabs and CR LF", (value) => `${JSON.stringify(value, undefined, "\t")}\n`.replaceAll("\n", "\r\n")],
    ["no spaces", (value) => JSON.stringify(value)],
    ["two spaces, also within its payload, and no line end", (value) => JSON.stringify(value, undefined, 2)],
  ])("that was written again with %s is damaged, and the log says in words why", async (_what, write) => {
    await using folder = await temporaryFolder();
    const sample = define(format, payload, inlineBytes);
    const build = () => sample.build(folder.path);
    await build().generate();
    const record = readFileSync(recordIn(folder.path), "utf8");
    writeFileSync(recordIn(folder.path), write(JSON.parse(record)));
    await expect(build().load()).rejects.toMatchObject({
      code: "PERSISTABLE_CORRUPT_ARTIFACT",
      problem: expect.stringMatching(/rewritten by an editor or a formatter/),
    });
    expect(await build().loadOrGenerate()).toEqual(payload);
    expect(sample.warnings.join("\n")).toContain("rewritten by an editor or a formatter");
    expect(sample.generations).toBe(2);
  });

  test("in which a value was changed as well is only damaged", async () => {
    await using folder = await temporaryFolder();
    const sample = define(format, payload, inlineBytes);
    await sample.build(folder.path).generate();
    const record = JSON.parse(readFileSync(recordIn(folder.path), "utf8"));
    for (const changed of [JSON.stringify({ ...record, name: "simple" }, undefined, 4), `${JSON.stringify(record)}x`]) {
      writeFileSync(recordIn(folder.path), changed);
      await expect(sample.build(folder.path).load()).rejects.toMatchObject({ problem: "does not match its checksum" });
    }
  });

  test("is still damaged when a CR stands where no line ends, or more than one mark is before it", async () => {
    await using folder = await temporaryFolder();
    const sample = define(format, payload, inlineBytes);
    await sample.build(folder.path).generate();
    const record = readFileSync(recordIn(folder.path), "utf8");
    for (const changed of [record.replace(": ", ":\r "), `${BOM}${BOM}${record}`, `\r\n${record}`, `${record}\r\n`]) {
      writeFileSync(recordIn(folder.path), changed);
      await expect(sample.build(folder.path).load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
    }
  });
});

describe("a folder", () => {
  test.each(rewritings)("whose record and list were given %s is read as it was", async (_what, rewrite) => {
    await using folder = await temporaryFolder();
    let generations = 0;
    const pages = definePersistable({
      name: "sample",
      format: directory(),
      generate: ({ workDir }): string => {
        generations++;
        for (const name of ["a", "b"]) writeFileSync(path.join(workDir, `${name}.bin`), Buffer.of(0, 1, 2, 13));
        return workDir;
      },
    });
    const build = () => pages({}, { dataDir: folder.path, logger: { debug() {}, info() {}, warn() {}, error() {} } });
    const stored = await build().payload;
    for (const file of readdirSync(folder.join("sample")).filter((name) => name.endsWith(".json")))
      writeFileSync(folder.join("sample", file), rewrite(readFileSync(folder.join("sample", file), "utf8")));
    expect(await build().load()).toBe(stored);
    expect(await build().loadOrGenerate()).toBe(stored);
    expect(await build().isPersisted()).toBe(true);
    expect(await build().record()).toMatchObject({ payload: { contents: { files: 2, sizeBytes: 8 } } });
    expect(generations).toBe(1);
    // What the list names counts as before.
    writeFileSync(path.join(stored, "a.bin"), Buffer.of(0, 1, 2, 14));
    await expect(build().load()).rejects.toMatchObject({ file: expect.stringMatching(/a\.bin$/) });
  });
});

test.each<[string, unknown, () => unknown, (text: string) => string]>([
  ["json", json(), () => ({ words: "one\r\ntwo" }), (text) => `${BOM}${text}`],
  ["text with LF", text(), () => "one\ntwo\n", (text) => text.replaceAll("\n", "\r\n")],
  ["text with CR LF", text(), () => "one\r\ntwo\r\n", (text) => text.replaceAll("\r\n", "\n")],
  [
    "a stream of records",
    records(),
    async function* () {
      yield* [1, 2, 3];
    },
    (text) => text.replaceAll("\n", "\r\n"),
  ],
])("a payload of %s beside its record is damaged by other line ends, and the log says so", async (...sampled) => {
  const [, format, generate, rewrite] = sampled;
  await using folder = await temporaryFolder();
  const warnings: string[] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} };
  const definition = definePersistable({ name: "sample", format: format as Format, inlineBytes: 0, generate });
  const build = () => definition({}, { dataDir: folder.path, logger });
  await build().generate();
  const [name = ""] = readdirSync(folder.join("sample")).filter((file) => !/^[0-9a-f]{64}\.json$/.test(file));
  const file = folder.join("sample", name);
  writeFileSync(file, rewrite(readFileSync(file, "utf8")));
  const problem = expect.stringContaining("other line ends than were written");
  await expect(build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT", problem });
  expect(await build().explain()).toMatchObject({ state: "miss", reason: { kind: "corrupt", problem } });
  await build().loadOrGenerate();
  expect(warnings.join("\n")).toContain(".gitattributes");
  await build().load();
  // Any other payload of another size is only reported as such.
  const [again = ""] = readdirSync(folder.join("sample")).filter((other) => !/^[0-9a-f]{64}\.json$/.test(other));
  writeFileSync(folder.join("sample", again), `${readFileSync(folder.join("sample", again), "utf8")} `);
  await expect(build().load()).rejects.toMatchObject({ problem: expect.stringMatching(/^has \d+ bytes instead of/) });
});

test.each(rewritings)("the record of a failure that was given %s is read as it was", async (_what, rewrite) => {
  const dataDir = memoryStore();
  const failing = definePersistable({
    name: "sample",
    generate: (): never => {
      throw new Error("no luck\r\nat all");
    },
  });
  const build = () => failing({}, { dataDir });
  await expect(run([build()], { handleSignals: false })).rejects.toThrow("no luck");
  const before = await readFailure(build());
  expect(before?.error.message).toBe("no luck\r\nat all");
  const file = `sample/${build().address}.failed.json` as StorePath;
  const stored = Buffer.from((await dataDir.read(file)) ?? "").toString();
  await dataDir.replace(file, [Buffer.from(rewrite(stored))]);
  expect(await readFailure(build())).toEqual(before);
});

test("a data directory that git checked out with core.autocrlf is read as it was", async () => {
  await using folder = await temporaryFolder();
  const data = folder.join("work");
  mkdirSync(data);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: data, stdio: "pipe" });
  const sample = define(text(), "one\r\ntwo\n");
  await sample.build(data).generate();
  const before = readFileSync(recordIn(data), "utf8");
  git("init", "--quiet");
  git("add", "sample");
  git("commit", "--quiet", "-m", "data");
  rmSync(path.join(data, "sample"), { recursive: true });
  git("-c", "core.autocrlf=true", "checkout", "--quiet", "--", "sample");
  expect(readFileSync(recordIn(data), "utf8")).toBe(before.replaceAll("\n", "\r\n"));
  expect(await sample.build(data).loadOrGenerate()).toBe("one\r\ntwo\n");
  expect(sample.generations).toBe(1);
});
