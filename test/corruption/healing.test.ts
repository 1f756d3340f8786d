import { AsyncLocalStorage } from "node:async_hooks";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { definePersistable, json, npy, typedParams } from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { persistSample, type Rig, type Sample } from "./samples.ts";

const inline: Sample = { title: "inline", format: json(), payload: (n) => ({ n }) };
const file: Sample = {
  title: "file",
  format: npy(),
  payload: (n) => Float64Array.from({ length: 100 }, (_, i) => i + n),
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function quarantineOf(rig: Rig): string[] {
  return readdirSync(rig.folder.join(".persistable", "quarantine", "sample")).sort();
}

test.each([inline, file])("what is damaged is kept for whoever wants to know why ($title)", async (sample) => {
  await using rig = await persistSample(sample);
  const damaged = readFileSync(rig.recordFile(), "latin1").replace('"n": 1', '"n": 7');
  writeFileSync(rig.recordFile(), damaged, "latin1");
  const payload = rig.payloadFile();
  expect(await rig.loadOrGenerate()).toBe("right");
  const kept = quarantineOf(rig);
  expect(kept).toHaveLength(payload === undefined ? 1 : 2);
  const [record = ""] = kept.filter((name) => name.endsWith(".json"));
  expect(readFileSync(rig.folder.join(".persistable", "quarantine", "sample", record), "latin1")).toBe(damaged);
});

test("a damaged artifact holds its place until another one takes it", async () => {
  await using folder = await temporaryFolder();
  let isBroken = false;
  const definition = definePersistable({
    name: "sample",
    params: typedParams<{ n: number }>(),
    format: json(),
    generate: ({ params }): unknown => {
      if (isBroken) throw new Error("no luck");
      return { n: params.n };
    },
  });
  const build = () => definition({ n: 1 }, { dataDir: folder.path, logger: silent });
  await build().generate();
  const record = folder.join("sample", `${build().address}.json`);
  writeFileSync(record, readFileSync(record, "latin1").replace('"n": 1', '"n": 7'), "latin1");
  isBroken = true;
  for (let i = 0; i < 3; i++) await expect(build().loadOrGenerate()).rejects.toThrow("no luck");
  await expect(build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
  expect(readdirSync(folder.join(".persistable", "quarantine", "sample"))).toHaveLength(1);
  isBroken = false;
  expect(await build().loadOrGenerate()).toEqual({ n: 1 });
});

/**
 * Runs what another caller does meanwhile: inside of a generator, a request for its own payload is
 * refused.
 */
const elsewhere = AsyncLocalStorage.snapshot();

test("an artifact that somebody publishes while a damaged one is generated anew stays, and is what everybody gets", async () => {
  await using folder = await temporaryFolder();
  let generations = 0;
  let meanwhile: () => Promise<unknown> = async () => {};
  const definition = definePersistable({
    name: "sample",
    params: typedParams<{ n: number }>(),
    generate: async (): Promise<string> => {
      const generation = ++generations;
      await meanwhile();
      return `generation ${generation}`;
    },
  });
  const build = () => definition({ n: 1 }, { dataDir: folder.path, logger: silent });
  await build().generate();
  writeFileSync(folder.join("sample", `${build().address}.json`), "{}");
  meanwhile = async () => {
    meanwhile = async () => {};
    await elsewhere(() => build().generate());
  };
  expect(await build().loadOrGenerate()).toBe("generation 3");
  expect(await build().load()).toBe("generation 3");
});

test("an artifact can be generated over a damaged one, with nothing in quarantine", async () => {
  await using rig = await persistSample(file);
  rmSync(rig.payloadFile() ?? "");
  await rig.build().generate();
  expect(await rig.isSound()).toBe(true);
  expect(() => quarantineOf(rig)).toThrow("ENOENT");
});
