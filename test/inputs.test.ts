import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import {
  DefinitionError,
  definePersistable,
  describeMiss,
  type Explanation,
  memoryStore,
  typedParams,
} from "../src/entry/index.ts";
import { type FileInput, type FolderInput, fileParam, folderParam, inputPath, urlParam } from "../src/entry/inputs.ts";
import { plan } from "../src/entry/pipeline.ts";
import { sha256Hex } from "../src/util/digest/sha256.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const dataDir = memoryStore();
const paths = definePersistable({
  name: "input_paths",
  params: typedParams<{ data: FileInput | FolderInput }>(),
  generate: ({ params }) => inputPath(params.data),
});

async function missOf(persistable: { explain(): Promise<Explanation> }): Promise<string> {
  const explanation = await persistable.explain();
  return explanation.state === "hit" ? "hit" : describeMiss(explanation.reason);
}

test("a file counts by its name and content, and not by its place", async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.join("other"));
  await writeFile(folder.join("data.csv"), "1,2");
  await writeFile(folder.join("other/data.csv"), "1,2");
  const data = await fileParam(folder.join("data.csv"));
  expect(data).toEqual({ file: "data.csv", sha256: sha256Hex("1,2") });
  expect(await fileParam(folder.join("other/data.csv"))).toEqual(data);
  const made = paths({ data }, { dataDir });
  expect(await made.payload).toBe(folder.join("other/data.csv"));
  expect(JSON.stringify((await made.record())?.params)).not.toContain(folder.path);
});

test("a file that changes is a miss that names it in words, and its old parameter is refused", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("rates.csv");
  await writeFile(file, "old");
  const before = await fileParam(file);
  await paths({ data: before }, { dataDir }).payload;
  await writeFile(file, "new");
  const changed = paths({ data: await fileParam(file) }, { dataDir });
  expect(await missOf(changed)).toMatch(/^data: rates\.csv has changed, since the nearest artifact \(\S+, just now\)$/);
  expect(String(await plan(changed))).toContain(
    "1 miss follows from data of input_paths: rates.csv has changed, since the nearest artifact\n",
  );
  expect(String(await changed.load().catch((error: unknown) => error))).toContain("data: rates.csv has changed");
  await expect(inputPath(before)).rejects.toThrow(/has changed since/);
  await expect(inputPath({ file: "x", sha256: "0" })).rejects.toBeInstanceOf(DefinitionError);
});

test("a file that changes within the resolution of its times is read again", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("quick.txt");
  const now = new Date();
  for (const text of ["aa", "bb", "cc"]) {
    await writeFile(file, text);
    await utimes(file, now, now);
    expect((await fileParam(file)).sha256).toBe(sha256Hex(text));
  }
});

test("a folder counts by the files that its patterns include", async () => {
  await using folder = await temporaryFolder();
  const images = folder.join("images");
  await mkdir(`${images}/deep/deeper`, { recursive: true });
  await writeFile(`${images}/a.png`, "a");
  await writeFile(`${images}/deep/deeper/b.png`, "b");
  await writeFile(`${images}/deep/notes(1).txt`, "n");
  const all = await folderParam(images);
  expect(all).toMatchObject({ folder: "images", fileCount: 3 });
  const png = await folderParam(images, { include: ["**/*.png"] });
  expect(png.files.map(([path]) => path)).toEqual(["a.png", "deep/deeper/b.png"]);
  expect((await folderParam(images, { include: ["*.png"] })).files.map(([path]) => path)).toEqual(["a.png"]);
  expect((await folderParam(images, { include: ["deep/notes(?).txt"] })).fileCount).toBe(1);
  await writeFile(`${images}/deep/notes(1).txt`, "other");
  expect(await folderParam(images, { include: ["**/*.png"] })).toEqual(png);
  expect((await folderParam(images)).sha256).not.toBe(all.sha256);
  await rename(`${images}/a.png`, `${images}/c.png`);
  expect((await folderParam(images, { include: ["**/*.png"] })).sha256).not.toBe(png.sha256);
  expect(await inputPath(await folderParam(images))).toBe(images);
});

test("a URL counts by its ETag, or by a digest that is given", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/plain") response.end();
    else response.writeHead(request.url === "/gone" ? 404 : 200, { etag: '"v1"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await urlParam(`${base}/a.bin?x=1#part`)).toEqual({ url: `${base}/a.bin?x=1`, etag: '"v1"' });
    await expect(urlParam(`${base}/plain`)).rejects.toThrow(/names no ETag/);
    await expect(urlParam(`${base}/gone`)).rejects.toThrow(/answers with 404/);
    expect(await urlParam("https://example.com/b.bin", { sha256: "ab" })).toEqual({ file: "b.bin", sha256: "ab" });
  } finally {
    server.close();
  }
});

test("a miss names the files of a folder that were added, changed and removed, and no digests", async () => {
  await using folder = await temporaryFolder();
  const names = Array.from({ length: 5 }, (_, i) => `old-${i}.txt`);
  for (const name of ["same.txt", "edited.txt", ...names]) await writeFile(folder.join(name), name);
  const store = memoryStore();
  const nested = definePersistable({
    name: "nested_inputs",
    params: typedParams<{ inputs: { data: FolderInput } }>(),
    generate: () => 1,
  });
  const before = await folderParam(folder.path);
  await paths({ data: before }, { dataDir: store }).payload;
  await nested({ inputs: { data: before } }, { dataDir: store }).payload;
  for (const name of names) await rm(folder.join(name));
  await writeFile(folder.join("edited.txt"), "other");
  await writeFile(folder.join("new.txt"), "new");
  const data = await folderParam(folder.path);
  const words =
    "added new.txt; changed edited.txt; removed old-0.txt, old-1.txt, old-2.txt and 2 more, since the nearest artifact (";
  expect(await missOf(paths({ data }, { dataDir: store }))).toContain(`data: ${words}`);
  expect(await missOf(nested({ inputs: { data } }, { dataDir: store }))).toContain(`inputs.data: ${words}`);
  expect(String(await plan(paths({ data }, { dataDir: store })))).toContain("added new.txt");
  const listed = Array.from({ length: 500 }, (_, i) => [`${i}.txt`, "ab"] as const);
  const some = { folder: "many", sha256: "01", fileCount: 500, files: listed };
  const more = { ...some, sha256: "02", fileCount: 501, files: [] };
  await nested({ inputs: { data: some } }, { dataDir: store }).payload;
  expect(await missOf(nested({ inputs: { data: more } }, { dataDir: store }))).toContain(
    "data: some of its 501 files (500 before) were added, changed or removed; more than 500 are not named, since",
  );
});

test("a miss says which of several inputs differs, with their names and the start of their digests", async () => {
  const [one, other] = ["1", "2"].map((text) => ({ sha256: sha256Hex(text) }));
  const several = definePersistable({
    name: "several_inputs",
    params: typedParams<{ data: unknown; more?: unknown }>(),
    generate: () => 1,
  });
  const store = memoryStore();
  const url = "https://example.com/weights.bin";
  const cases: readonly (readonly [
    before: { data: unknown },
    now: { data: unknown; more?: unknown },
    words: string,
  ])[] = [
    [
      { data: [{ file: "a.csv", ...one }] },
      { data: [{ file: "a.csv", ...other }] },
      "data[0]: a.csv has changed, since",
    ],
    [
      { data: { file: "a.csv", ...one } },
      { data: { file: "b.csv", ...one } },
      "data: b.csv (6b86b273…), nearest artifact has a.csv (6b86b273…) (",
    ],
    [
      { data: { of: { file: "a.csv", ...one } } },
      { data: { of: 1 } },
      "data.of: 1, nearest artifact has a.csv (6b86b273…) (",
    ],
    [{ data: [{ file: "a.csv", ...one }] }, { data: [] }, "data[0]: none, nearest artifact has a.csv (6b86b273…) ("],
    [
      { data: { url, etag: '"1"' } },
      { data: { url, etag: '"2"' } },
      `data: ${url} has changed (ETag "2", was "1"), since`,
    ],
    [{ data: 1 }, { data: 1, more: { file: "a.csv", ...one } }, "more: a.csv (6b86b273…), nearest artifact has none ("],
  ];
  for (const [draw, [before, now, words]] of cases.entries()) {
    await several(before, { dataDir: store, draw }).payload;
    expect(await missOf(several(now, { dataDir: store, draw }))).toContain(words);
  }
});
