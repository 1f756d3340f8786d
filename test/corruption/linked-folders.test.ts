import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { directory } from "../../src/entry/formats/directory.ts";
import { collectOrphans, definePersistable, fileStore, type Store } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";
import { sftpStore } from "../../src/entry/stores/sftp.ts";
import { startSshd } from "../support/servers/sshd.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const sshd = await startSshd();
afterAll(() => sshd?.close());

const kinds: [string, (dir: string) => Store | Promise<Store>][] = [["a folder", (dir) => fileStore(dir)]];
if (sshd !== undefined) {
  const { port, hostKey, keyFile: privateKeyFile, username } = sshd;
  kinds.push(["SFTP", (dir) => sftpStore({ host: "127.0.0.1", port, hostKey, privateKeyFile, username, path: dir })]);
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A folder as a payload, published by this very store. */
async function publish(store: Store) {
  const site = definePersistable({
    name: "site",
    format: directory(),
    generate: ({ workDir }) => {
      mkdirSync(path.join(workDir, "sub"));
      writeFileSync(path.join(workDir, "a.txt"), "A");
      writeFileSync(path.join(workDir, "sub", "b.txt"), "B");
      return workDir;
    },
  });
  const build = () => site({}, { dataDir: store, logger: silent });
  await build().payload;
  return build;
}

type Build = Awaited<ReturnType<typeof publish>>;

/** The calls that may follow. */
const acts: Record<string, (build: Build, store: Store) => Promise<unknown>> = {
  load: (build) => build().load(),
  loadOrGenerate: (build) => build().loadOrGenerate(),
  generate: (build) => build().generate(),
  remove: (build) => build().remove(),
  "a forced run"(build) {
    const target = build();
    return run([target], { force: [target] });
  },
  collectOrphans: (_build, store) => collectOrphans(store, "site", { graceMs: -1000 }),
};

/** The user's own files, and copies of what the link used to be. */
function makeOutside(folder: TemporaryFolder, from: string): string {
  const outside = folder.join("home");
  cpSync(from, outside, { recursive: true });
  writeFileSync(path.join(outside, "precious.txt"), "a year of work");
  return outside;
}

function snapshot(folder: string): unknown {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => {
    const full = path.join(folder, name);
    return [name, statSync(full).isFile() ? readFileSync(full, "utf8") : ""];
  });
}

function storedFolder(data: string): string {
  const name = readdirSync(path.join(data, "site")).find((entry) => entry.endsWith(".files"));
  return path.join(data, "site", name ?? "");
}

const places: Record<string, (data: string) => string> = {
  "the folder of the payload": storedFolder,
  "a folder in the payload": (data) => path.join(storedFolder(data), "sub"),
  "the folder of the name": (data) => path.join(data, "site"),
  ".persistable": (data) => path.join(data, ".persistable"),
  "the folder of the leases": (data) => path.join(data, ".persistable", "leases"),
};

describe.each(kinds)("a folder as a payload on %s", (kind, open) => {
  // SFTP tries one folder only: the code above a server is the same, and a server takes longer.
  const tried = kind === "SFTP" ? ["the folder of the payload"] : Object.keys(places);
  describe.each(tried)("where %s is a symbolic link", (where) => {
    it.each(Object.keys(acts))("%s touches nothing outside", async (act) => {
      for (const isDamaged of kind === "SFTP" ? [act === "loadOrGenerate"] : [false, true]) {
        await using folder = await temporaryFolder();
        const data = folder.join("data");
        const store = await open(data);
        const build = await publish(store);
        const place = places[where]?.(data) ?? "";
        if (isDamaged) writeFileSync(path.join(storedFolder(data), "a.txt"), "a");
        const outside = makeOutside(folder, place);
        const before = snapshot(outside);
        rmSync(place, { recursive: true });
        symlinkSync(outside, place);
        // The call may fail, but only with an error of ours that says why.
        await acts[act]?.(build, store).catch((error: unknown) =>
          expect(error).toMatchObject({ code: expect.stringMatching(/^PERSISTABLE_/) }),
        );
        expect(snapshot(outside), `damaged: ${isDamaged}`).toEqual(before);
      }
    });
  });

  it("heals, whatever is in the place of its folder, and removes only that", async () => {
    await using folder = await temporaryFolder();
    const store = await open(folder.join("data"));
    const build = await publish(store);
    const place = storedFolder(folder.join("data"));
    const outside = makeOutside(folder, place);
    rmSync(place, { recursive: true });
    symlinkSync(outside, place);
    const after = await build().generate();
    expect(readFileSync(path.join(after, "a.txt"), "utf8")).toBe("A");
    expect(lstatSync(storedFolder(folder.join("data"))).isDirectory()).toBe(true);
    expect(await build().remove()).toBe(true);
    expect(readdirSync(folder.join("data", "site"))).toEqual([]);
    expect(existsSync(path.join(outside, "precious.txt"))).toBe(true);
  });
});

it("quarantine that is a symbolic link takes nothing in", async () => {
  await using folder = await temporaryFolder();
  const data = folder.join("data");
  const build = await publish(fileStore(data));
  writeFileSync(path.join(storedFolder(data), "a.txt"), "a");
  mkdirSync(folder.join("home"));
  symlinkSync(folder.join("home"), path.join(data, ".persistable", "quarantine"));
  await expect(build().loadOrGenerate()).rejects.toMatchObject({ code: "PERSISTABLE_NOT_A_FILE" });
  expect(readdirSync(folder.join("home"))).toEqual([]);
});

it("the record of a run, of a failure, and a map are not written through links", async () => {
  await using folder = await temporaryFolder();
  const data = folder.join("data");
  mkdirSync(folder.join("home"));
  mkdirSync(path.join(data, ".persistable"), { recursive: true });
  symlinkSync(folder.join("home"), path.join(data, ".persistable", "runs"));
  symlinkSync(folder.join("home"), path.join(data, "failing"));
  const failing = definePersistable({
    name: "failing",
    generate: () => {
      throw new Error("it fails");
    },
  });
  await run([failing({}, { dataDir: data, logger: silent })]).catch(() => {});
  expect(readdirSync(folder.join("home"))).toEqual([]);
});

it("a data directory may itself be a symbolic link", async () => {
  await using folder = await temporaryFolder();
  const build = await publish(fileStore(folder.join("real")));
  renameSync(folder.join("real"), folder.join("moved"));
  symlinkSync(folder.join("moved"), folder.join("real"));
  const loaded = await build().load();
  expect(readFileSync(path.join(loaded, "sub", "b.txt"), "utf8")).toBe("B");
  await build().generate();
  expect(await build().remove()).toBe(true);
});
