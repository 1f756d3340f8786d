import { mkdir, readdir, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { objectAt } from "../../src/artifact/layout/artifact-paths.ts";
import {
  definePersistable,
  describeMiss,
  fileStore,
  memoryStore,
  type NamedSource,
  type PersistableOptions,
  type Secret,
  SourceChangedError,
  secret,
  typedParams,
} from "../../src/entry/index.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { acceptSource } from "../../src/persistable/load/accepted-source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** A definition whose source is a module of the folder, another beside it, and a package. */
function reportIn(folder: Folder, onSourceChange: "error" | "regenerate" = "error", more?: readonly NamedSource[]) {
  const source = [pathToFileURL(folder.join("report.ts")), "./helper.ts", { package: "measure" }, ...(more ?? [])];
  return definePersistable({ name: "named_source", source, onSourceChange, generate: () => Math.random() });
}

async function writeSources(folder: Folder, helper: string, version: string): Promise<void> {
  await mkdir(folder.join("node_modules/measure"), { recursive: true });
  await writeFile(folder.join("report.ts"), "import './helper.ts';\n");
  await writeFile(folder.join("helper.ts"), `// helps\nexport const k = ${helper};\n`);
  await writeFile(folder.join("node_modules/measure/package.json"), JSON.stringify({ name: "measure", version }));
}

async function missOf(persistable: ReturnType<ReturnType<typeof reportIn>>): Promise<string> {
  const explanation = await persistable.explain();
  return explanation.state === "hit" ? "hit" : describeMiss(explanation.reason);
}

test("a change of a named module or package is a change of the source, and is shown", async () => {
  await using folder = await temporaryFolder();
  const options: PersistableOptions = { dataDir: memoryStore() };
  await writeSources(folder, "1", "1.0.0");
  const first = await reportIn(folder)({}, options).payload;
  expect(await reportIn(folder)({}, options).payload).toBe(first);
  await writeFile(folder.join("helper.ts"), "// helps\r\nexport const k = 1;\r\n");
  expect(await missOf(reportIn(folder)({}, options))).toBe("hit");

  await writeSources(folder, "2", "1.1.0");
  const changed = reportIn(folder)({}, options);
  const differences = [
    { part: "helper.js", line: 2, removed: ["export const k = 1;"], added: ["export const k = 2;"] },
    { part: "measure", removed: ["1.0.0"], added: ["1.1.0"] },
  ];
  expect(await changed.explain()).toMatchObject({ reason: { kind: "source-changed", differences } });
  expect(await missOf(changed)).toBe(
    "made by other source code than today's: helper.js, line 2: export const k = 2;, was export const k = 1;; measure 1.1.0, was 1.0.0",
  );
  const refused: unknown = await changed.payload.catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SourceChangedError);
  expect(refused).toMatchObject({
    message: expect.stringMatching(/was made: helper.js, line 2: .*persistable accept named_source\/[0-9a-f]{8} /),
    address: changed.address,
    reason: { differences },
  });
  expect(await reportIn(folder, "regenerate")({}, options).payload).not.toBe(first);
  expect(await missOf(reportIn(folder)({}, options))).toBe("hit");
});

test("a named module or package that is not there is refused, with what to write", async () => {
  await using folder = await temporaryFolder();
  await writeSources(folder, "1", "1.0.0");
  const build = (...more: NamedSource[]) => reportIn(folder, "error", more)({}, { dataDir: memoryStore() }).payload;
  await expect(build("./missing.ts")).rejects.toThrow(/names the module .\/missing.ts, which cannot be read/);
  await expect(build({ package: "absent-package" })).rejects.toThrow(/names the package absent-package/);
});

test("the compiled module is read where a source is named by its TypeScript file", async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.join("compiled.js"), "export const k = 1;\n");
  const compiled = () =>
    definePersistable({
      name: "compiled_source",
      source: [pathToFileURL(folder.join("report.js")), "./compiled.ts"],
      onSourceChange: "error",
      generate: () => 1,
    })({}, { dataDir: options });
  const options = memoryStore();
  await writeFile(folder.join("report.js"), "");
  await compiled().payload;
  await writeFile(folder.join("compiled.js"), "export const k = 2;\n");
  expect(await compiled().explain()).toMatchObject({ reason: { differences: [{ part: "compiled.js" }] } });
});

test("an accepted change is loaded, until the code changes again; the artifact and its record stay", async () => {
  await using folder = await temporaryFolder();
  // A bucket or a server behind a local folder gets the marker, too.
  const remote = memoryStore();
  const store = layeredStore({ local: fileStore(folder.join("data")), remote });
  const made = (text: string) =>
    definePersistable({
      name: "accepted",
      onSourceChange: "error",
      generate: new Function(`return "${text}"`) as () => string,
    });
  await made("one")({}, { dataDir: store }).payload;
  const changed = made("two")({}, { dataDir: store });
  const explanation = await changed.explain();
  if (explanation.state !== "miss" || explanation.reason.kind !== "source-changed") throw new Error("was a hit");
  const { recorded, current } = explanation.reason;
  const change = { name: "accepted", address: changed.address, recorded, accepted: current };
  // Several processes may accept the same change, and others of the same artifact.
  await Promise.all([
    acceptSource(store, change, {}),
    acceptSource(store, change, {}),
    acceptSource(store, { ...change, accepted: `sha256:${"0".repeat(64)}` }, {}),
  ]);
  expect(await changed.payload).toBe("one");
  expect((await changed.explain()).state).toBe("hit");
  expect(await made("two")({}, { dataDir: remote }).payload).toBe("one");
  await expect(made("three")({}, { dataDir: store }).payload).rejects.toThrow(SourceChangedError);
  expect(await made("one")({}, { dataDir: store }).payload).toBe("one");
  // What a release that does not know the markers takes for records and payloads is what it was.
  const names = await readdir(folder.join("data/accepted"));
  expect(names.filter((name) => objectAt(`accepted/${name}`).kind !== "other")).toEqual([`${changed.address}.json`]);
  expect(names.filter((name) => name.includes(".accepted-"))).toHaveLength(2);
});

test("source is kept only where it decides, and never with a secret of the params in it", async () => {
  const kept = async (more: object): Promise<number> => {
    const store = memoryStore();
    await definePersistable({ name: "kept_source", generate: () => "source text", ...more })({}, { dataDir: store })
      .payload;
    const found: string[] = [];
    for await (const { path } of store.list("kept_source/sources/")) found.push(path);
    return found.length;
  };
  expect(await kept({})).toBe(0);
  expect(await kept({ onSourceChange: "regenerate" })).toBe(1);
  expect(await kept({ onSourceChange: "regenerate", anonymous: true })).toBe(0);
  const token = definePersistable({
    name: "kept_secret",
    onSourceChange: "regenerate",
    params: typedParams<{ token: Secret<string> }>(),
    generate: () => "a long token of mine",
  });
  const store = memoryStore();
  await token({ token: secret("a long token of mine") }, { dataDir: store }).payload;
  for await (const { path } of store.list("kept_secret/sources/")) throw new Error(`${path} was kept`);
});
