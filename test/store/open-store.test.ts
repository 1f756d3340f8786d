import { homedir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { UnknownStoreError } from "../../src/errors/store-errors.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { openStore } from "../../src/store/open/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";

describe("openStore", () => {
  it("gives one store for one folder, however it is written", () => {
    const store = openStore("example-data");
    const absolute = path.resolve("example-data");
    for (const same of ["./example-data", "example-data/", "other/../example-data", absolute, pathToFileURL(absolute)])
      expect(openStore(same)).toBe(store);
    expect(openStore(pathToFileURL(absolute).href)).toBe(store);
    expect(store.url).toBe(pathToFileURL(absolute).href);
    expect(openStore("example-data-2")).not.toBe(store);
  });

  it("finds a path that begins with ~ in the home of the user, and no other one", () => {
    expect(openStore("~/a/b")).toBe(openStore(path.join(homedir(), "a", "b")));
    expect(openStore("~")).toBe(openStore(homedir()));
    expect(openStore("~a")).toBe(openStore(path.resolve("~a")));
  });

  it("keeps durable and scratch use of a folder apart", () => {
    const scratch = openStore("example-data", { durable: false });
    expect(scratch).not.toBe(openStore("example-data"));
    expect(scratch.capabilities.durable).toBe(false);
    expect(openStore("example-data").capabilities.durable).toBe(true);
  });

  it("opens memory by name", () => {
    expect(openStore("memory:a")).toBe(openStore("memory:a"));
    expect(openStore("memory:a")).not.toBe(openStore("memory:b"));
    expect(openStore("memory:a").url).toBe("memory:a");
    // Messages name a layered store by its layers. As a path, that would become a folder.
    expect(() => openStore("layered:file:///data,s3://team/results")).toThrow(/layered store.*layeredStore\(/);
  });

  it("opens buckets and servers by their URLs, and asks nothing of them yet", () => {
    const store = openStore("s3://results/team/");
    expect(store.listFolder).toBeTypeOf("function");
    expect(store.url).toBe("s3://results/team");
    expect(openStore("s3://results/team")).toBe(store);
    expect(store.capabilities.exclusiveCreate).toBe(false);
  });

  it.each([
    "s3://key:secret@results/team",
    "s3://secret@results/team",
    "s3://results?endpoint=http%3A%2F%2Fkey%3Asecret%40127.0.0.1",
    "az://key:secret@results/team",
    "az://results?endpoint=https%3A%2F%2Fa.example%2F%3Fsig%3Dsecret",
    "az://results?endpoint=https://a.example/?sig=secret",
    "gs://key:secret@results/team",
    "sftp://lab:secret@files.example.com/data",
    "s3://key:secret@/team",
    "s3://key:sec/secret@results/team",
    "sftp://lab:sec/secret@files.example.com/data",
  ])("refuses credentials in a URL before anybody shows it: %s", (url) => {
    expect(() => openStore(url)).toThrow(UnknownStoreError);
    expect(() => openStore(url)).not.toThrow(/secret/);
  });

  it("takes the name of a user, a port and an address of numbers", () => {
    for (const url of [
      "sftp://lab@files.example.com:2222/data",
      "sftp://lab@[::1]:22/~/data",
      "s3://results/a@b:c",
      "s3://results?endpoint=http://127.0.0.1:9000",
    ])
      expect(openStore(url).url).toBe(url);
  });

  it.each([
    ["s3://results/team?regoin=eu-central-1", /"regoin" \(such a URL has the options region, endpoint, path-style\)/],
    ["az://results?region=west", /has the options account, endpoint/],
    ["sftp://files.example.com/data?port=23", /has no options/],
    ["s3://", /is not a place/],
    ["gs://results/%zz", /is not a place/],
    ["sftp://%zz@files.example.com/data", /is not a place/],
  ])("refuses a URL that says what nobody would read, when it is first asked: %s", async (url, message) => {
    await expect(openStore(url).read(storePath("a.json"))).rejects.toThrow(message);
  });

  it("returns a store as it is", () => {
    const store = memoryStore();
    expect(openStore(store)).toBe(store);
  });

  it("takes a drive letter for a path, and a colon in a name, too", () => {
    expect(openStore("C:\\data").url).toMatch(/^file:/);
    expect(openStore("run:7").url).toMatch(/^file:/);
  });

  it.each([
    "ftp://bucket/prefix",
    "https://example.com/data",
    "",
    "a\0b",
    new URL("https://example.com"),
    7,
    undefined,
    null,
    {},
  ])("says what there is when it is given %s", (given) => {
    expect(() => openStore(given as unknown as Store)).toThrow(UnknownStoreError);
    expect(() => openStore(given as unknown as Store)).toThrow(/path of a folder.*file: URL.*memory:/);
  });
});
