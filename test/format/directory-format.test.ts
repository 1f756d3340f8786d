import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory } from "../../src/entry/formats/directory.ts";
import { file } from "../../src/entry/formats/file.ts";
import {
  CorruptArtifactError,
  collectOrphans,
  definePersistable,
  memoryStore,
  openStore,
  type Store,
  UnsupportedPayloadError,
} from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const contents: Readonly<Record<string, string>> = {
  "a.txt": "first",
  "b.bin": "",
  "deep/er/c.txt": "third",
  "deep/d with space.PNG": "fourth",
  "deep/e.txt": "fifth",
};

function definePages(files: Readonly<Record<string, string>> = contents, onGenerate: () => void = () => {}) {
  return definePersistable({
    name: "pages",
    format: directory(),
    generate: ({ workDir }) => {
      onGenerate();
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(workDir, path, ".."), { recursive: true });
        writeFileSync(join(workDir, path), text);
      }
      return workDir;
    },
  });
}

function readTree(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function storedFiles(folder: string): string[] {
  return Object.keys(readTree(folder)).filter((name) => !name.endsWith(".log"));
}

describe("a folder as a payload", () => {
  it("is published with every file, and loaded as a folder", async () => {
    await using folder = await temporaryFolder();
    let generated = 0;
    const pages = definePages(contents, () => generated++);
    const first = pages({}, { dataDir: folder.path });
    expect(readTree(await first.payload)).toEqual(contents);
    const path = await pages({}, { dataDir: folder.path }).payload;
    expect(readTree(path)).toEqual(contents);
    expect(path.startsWith(folder.path)).toBe(true);
    expect(generated).toBe(1);
    const record = await first.record();
    expect(record?.payload.contents).toEqual({ files: 5, sizeBytes: 21 });
    const list = JSON.parse(readFileSync(join(folder.path, "pages", record?.payload.file ?? ""), "utf8"));
    expect(list.files).toContainEqual({
      path: "deep/er/c.txt",
      sizeBytes: 5,
      digest: `sha256:${createHash("sha256").update("third").digest("hex")}`,
    });
  });

  it("is copied onto this machine from a store that is none of its folders", async () => {
    const store: Store = memoryStore();
    const pages = definePages();
    await pages({}, { dataDir: store }).payload;
    const path = await pages({}, { dataDir: store }).payload;
    expect(readTree(path)).toEqual(contents);
    writeFileSync(join(path, "a.txt"), "written by a reader");
    writeFileSync(join(path, "more.txt"), "left by a reader");
    writeFileSync(join(path, "\u00e9.txt"), "left by a reader");
    symlinkSync("/etc", join(path, "deep/link"));
    mkdirSync(join(path, "empty/est"), { recursive: true });
    expect(readTree(await pages({}, { dataDir: store }).payload)).toEqual(contents);
    expect(readdirSync(path, { recursive: true }).sort()).toEqual([...Object.keys(contents), "deep", "deep/er"].sort());
  });

  it.each([
    ["altered", (folder: string) => writeFileSync(join(folder, "deep/e.txt"), "FIFTH"), /does not match its digest/],
    ["gone", (folder: string) => rmSync(join(folder, "b.bin")), /is missing/],
    ["longer", (folder: string) => writeFileSync(join(folder, "a.txt"), "first and more"), /bytes instead of 5/],
    ["one too many", (folder: string) => writeFileSync(join(folder, "f.txt"), "new"), /not in the list/],
    ["one too many below", (folder: string) => writeFileSync(join(folder, "deep/er/f"), "new"), /not in the list/],
    [
      "joined by a link to a file",
      (folder: string) => symlinkSync("/etc/passwd", join(folder, "deep/link")),
      /holds a symbolic link that is not in the list .*"deep\/link"/,
    ],
    ["joined by a link to a folder", (folder: string) => symlinkSync("/etc", join(folder, "etc")), /a symbolic link/],
    ["joined by a link to nothing", (folder: string) => symlinkSync("/nowhere", join(folder, "no")), /a symbolic link/],
    ["joined by a link that looks ignored", (folder: string) => symlinkSync("/etc", join(folder, ".DS_Store")), /link/],
    [
      "joined by a pipe",
      (folder: string) => execFileSync("mkfifo", [join(folder, "pipe")]),
      /holds a device or a pipe that is not in the list/,
    ],
    ["joined by one that no path names", (folder: string) => writeFileSync(join(folder, "\u00e9.txt"), ""), /"é.txt"/],
    ["joined by a name of a device", (folder: string) => writeFileSync(join(folder, "aux"), ""), /not in the list/],
    [
      "joined by one with a line break",
      (folder: string) => writeFileSync(join(folder, "line\nbreak"), ""),
      /holds a file that is not in the list .*"line\\nbreak"/,
    ],
    [
      "joined by one whose name is not text",
      (folder: string) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.from([0xff])]), ""),
      /not in the list/,
    ],
    [
      "joined by an empty folder",
      (folder: string) => mkdirSync(join(folder, "deep/none")),
      /holds a folder that is not/,
    ],
    [
      "joined by a folder in the place of nothing",
      (folder: string) => mkdirSync(join(folder, "x/y"), { recursive: true }),
      /holds a folder that is not/,
    ],
    [
      "reached through a link",
      (folder: string) => {
        renameSync(join(folder, "deep"), join(folder, "../moved"));
        symlinkSync(join(folder, "../moved"), join(folder, "deep"));
      },
      /holds a symbolic link that is not in the list .*"deep"/,
    ],
    [
      "a link in the place of the folder itself",
      (folder: string) => {
        renameSync(folder, join(folder, "../moved"));
        symlinkSync(join(folder, "../moved"), folder);
      },
      /is a symbolic link, not a folder/,
    ],
    [
      "a link elsewhere",
      (folder: string) => {
        rmSync(join(folder, "a.txt"));
        symlinkSync("/etc/hostname", join(folder, "a.txt"));
      },
      /symbolic link/,
    ],
  ])("with a file that is %s is damaged", async (_what, damage, problem) => {
    await using folder = await temporaryFolder();
    const pages = definePages();
    damage(await pages({}, { dataDir: folder.path }).payload);
    const loading = pages({}, { dataDir: folder.path }).load();
    await expect(loading).rejects.toThrow(CorruptArtifactError);
    await expect(loading).rejects.toThrow(problem);
    expect(readTree(await pages({}, { dataDir: folder.path }).loadOrGenerate())).toEqual(contents);
    expect(readTree(await pages({}, { dataDir: folder.path }).load())).toEqual(contents);
  });

  it("that was damaged is set aside with all its files, and generated anew", async () => {
    await using folder = await temporaryFolder();
    const pages = definePages();
    const before = await pages({}, { dataDir: folder.path }).payload;
    writeFileSync(join(before, "a.txt"), "FIRST");
    const after = await pages({}, { dataDir: folder.path }).loadOrGenerate();
    expect(readTree(after)).toEqual(contents);
    expect(after).not.toBe(before);
    expect(existsSync(before)).toBe(false);
    const aside = storedFiles(join(folder.path, ".persistable", "quarantine"));
    expect(aside.filter((name) => name.endsWith("deep/er/c.txt"))).toHaveLength(1);
  });

  it("is replaced and removed with all its files", async () => {
    await using folder = await temporaryFolder();
    const pages = definePages()({}, { dataDir: folder.path });
    await pages.generate();
    await pages.generate();
    await pages.generate();
    // The artifact, and the one that was replaced last, for those who still read it.
    expect(storedFiles(folder.path)).toHaveLength(7 + 6);
    await pages.remove();
    expect(storedFiles(folder.path)).toEqual([]);
    expect(readdirSync(join(folder.path, "pages"))).toEqual([]);
  });

  it("of which a crash left no record is collected after its grace", async () => {
    await using folder = await temporaryFolder();
    const pages = definePages()({}, { dataDir: folder.path });
    await pages.payload;
    const [record = ""] = storedFiles(folder.path).filter((name) => /[0-9a-f]{64}\.json$/.test(name));
    const store = openStore(folder.path);
    expect((await collectOrphans(store, "pages", { graceMs: 0 })).files).toEqual([]);
    rmSync(join(folder.path, record));
    expect((await collectOrphans(store, "pages")).files).toEqual([]);
    expect((await collectOrphans(store, "pages", { graceMs: -1000 })).files).toHaveLength(6);
    expect(storedFiles(folder.path)).toEqual([]);
  });

  it.each<[string, (workDir: string) => void, RegExp]>([
    ["a symbolic link", (dir) => symlinkSync("/etc/hostname", join(dir, "link")), /payload.link is a symbolic link/],
    ["an empty folder", (dir) => mkdirSync(join(dir, "empty")), /is an empty folder/],
    ["a name that Windows does not take", (dir) => writeFileSync(join(dir, "a:b"), ""), /not every file system takes/],
    [
      "two names that differ in case only",
      (dir) => {
        writeFileSync(join(dir, "A.txt"), "");
        writeFileSync(join(dir, "a.txt"), "");
      },
      /file system that ignores case/,
    ],
    ["nothing at all", () => {}, /is an empty folder/],
  ])("with %s is refused, and leaves nothing", async (_what, fill, problem) => {
    await using folder = await temporaryFolder();
    const odd = definePersistable({
      name: "odd",
      format: directory(),
      generate: ({ workDir }) => {
        fill(workDir);
        return workDir;
      },
    });
    const failure = odd({}, { dataDir: folder.path }).payload;
    await expect(failure).rejects.toThrow(UnsupportedPayloadError);
    await expect(failure).rejects.toThrow(problem);
    expect(storedFiles(folder.path)).toEqual([]);
  });

  it("that is none is refused", async () => {
    await using folder = await temporaryFolder();
    const odd = definePersistable({ name: "odd", format: directory(), generate: () => join(folder.path, "nowhere") });
    await expect(odd({}, { dataDir: folder.path }).payload).rejects.toThrow(/is missing/);
  });

  it("is judged before it is published", async () => {
    await using folder = await temporaryFolder();
    const judged = definePersistable({
      ...{ name: "judged", format: directory() },
      generate: ({ workDir }) => {
        writeFileSync(join(workDir, "a.txt"), "a");
        return workDir;
      },
      validate: (path) => {
        if (!existsSync(join(path, "b.txt"))) throw new Error("b.txt is not there");
      },
    });
    await expect(judged({}, { dataDir: folder.path }).payload).rejects.toThrow("b.txt is not there");
    expect(storedFiles(folder.path)).toEqual([]);
  });
});

describe("a file as a payload", () => {
  it("is copied into the store, and loaded as a path", async () => {
    await using folder = await temporaryFolder();
    const film = definePersistable({
      name: "film",
      format: file({ extension: ".mp4" }),
      generate: ({ workDir }) => {
        writeFileSync(join(workDir, "film.mp4"), "frames");
        return join(workDir, "film.mp4");
      },
    });
    const path = await film({}, { dataDir: folder.path }).payload;
    expect(path).toMatch(/\.mp4$/);
    expect(readFileSync(path, "utf8")).toBe("frames");
    writeFileSync(path, "Frames");
    await expect(film({}, { dataDir: folder.path }).load()).rejects.toThrow(CorruptArtifactError);
    expect(readFileSync(await film({}, { dataDir: folder.path }).loadOrGenerate(), "utf8")).toBe("frames");
    const store = memoryStore();
    await film({}, { dataDir: store }).payload;
    expect(readFileSync(await film({}, { dataDir: store }).payload, "utf8")).toBe("frames");
  });

  it("that is a link, a folder or missing is refused", async () => {
    await using folder = await temporaryFolder();
    symlinkSync("/etc/hostname", folder.join("link"));
    for (const [name, problem] of [
      ["link", "a symbolic link"],
      [".", "a folder"],
      ["nothing", "missing"],
    ] as const) {
      const odd = definePersistable({ name: "odd", format: file(), generate: () => join(folder.path, name) });
      await expect(odd({}, { dataDir: memoryStore() }).payload).rejects.toThrow(problem);
    }
    expect(() => file({ extension: "mp4" })).toThrow(TypeError);
  });
});
