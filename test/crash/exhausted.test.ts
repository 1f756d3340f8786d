import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { collectOrphans, fileStore } from "../../src/entry/index.ts";
import { EARLIER, type ExhaustedChildInput, type ExhaustedChildReport, NEW } from "../support/crash-exhausted-child.ts";
import { persistableOf, serialOf } from "../support/crash-payload.ts";
import { type ManyFoldersInput, type ManyFoldersReport, OWN_FILE } from "../support/many-folders-child.ts";
import { buildChild, buildSplitChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FULL = "PERSISTABLE_STORE_FULL";
const ACCESS = "PERSISTABLE_STORE_ACCESS";
const TOO_MANY = "PERSISTABLE_TOO_MANY_OPEN_FILES";
const KINDS = ["small", "large"] as const;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const mustRun = process.env.CI === "true" && process.platform === "linux";

/**
 * A folder with an earlier artifact of each kind; on a small disk of its own where that is asked
 * for, and allowed.
 */
class Rig implements AsyncDisposable {
  readonly dataDir: string;
  readonly #isMounted: boolean;
  readonly #remove: () => Promise<void>;

  static async create(options: { readonly mount?: string } = {}): Promise<Rig | undefined> {
    const folder = await temporaryFolder();
    if (options.mount !== undefined && !tryMount(folder.path, options.mount)) {
      await folder[Symbol.asyncDispose]();
      if (mustRun)
        throw new Error("This test makes a disk: let it run as root, or let root be had by sudo without a password.");
      return undefined;
    }
    chmodSync(folder.path, 0o755);
    const rig = new Rig(folder.path, options.mount !== undefined, () => Promise.resolve(folder[Symbol.asyncDispose]()));
    for (const kind of KINDS)
      await persistableOf(fileStore(rig.dataDir), kind, "earlier").generate({ untracked: { serial: EARLIER } });
    return rig;
  }

  constructor(dataDir: string, isMounted: boolean, remove: () => Promise<void>) {
    this.dataDir = dataDir;
    this.#isMounted = isMounted;
    this.#remove = remove;
  }

  /** Runs every operation in a process of its own, under limits of the shell. */
  async tryEverything(
    limits = "true",
    options: Omit<ExhaustedChildInput, "dataDir"> = {},
    build = buildChild,
  ): Promise<ExhaustedChildReport> {
    const child = await build("test/support/crash-exhausted-child.ts");
    const input: ExhaustedChildInput = { dataDir: this.dataDir, ...options };
    const args = ["-c", `${limits} && exec "$0" "$@"`, process.execPath, child, JSON.stringify(input)];
    const { stdout } = await promisify(execFile)("bash", args);
    return JSON.parse(stdout) as ExhaustedChildReport;
  }

  /**
   * Checks, when the trouble is over, that earlier artifacts are there, that failures left nothing
   * behind, and that everything works again.
   */
  async expectSound(): Promise<void> {
    const store = fileStore(this.dataDir);
    for (const kind of KINDS) {
      const serial = async (key: string) => serialOf(kind, key, await persistableOf(store, kind, key).load());
      expect([kind, await serial("earlier")]).toEqual([kind, EARLIER]);
      await expect(serial("new")).rejects.toMatchObject({ code: "PERSISTABLE_NOT_PERSISTED" });
      expect(this.#list(kind)).toHaveLength(kind === "small" ? 1 : 2);
      await persistableOf(store, kind, "new").loadOrGenerate({ untracked: { serial: NEW } });
      expect(await serial("new")).toBe(NEW);
      expect((await collectOrphans(store, kind, { graceMs: -1000 })).files).toEqual([]);
    }
    expect(this.#list(".persistable/tmp")).toEqual([]);
    expect(this.#list(".persistable/leases")).toEqual([]);
  }

  #list(folder: string): string[] {
    const full = path.join(this.dataDir, folder);
    return existsSync(full) ? readdirSync(full) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isMounted) runAsRoot("umount", "-l", this.dataDir);
    await this.#remove();
  }
}

function runAsRoot(...command: readonly [string, ...string[]]): void {
  const [file, ...args] = isRoot ? command : (["sudo", "-n", ...command] as const);
  execFileSync(file, args, { stdio: "pipe" });
}

function tryMount(folder: string, options: string): boolean {
  if (process.platform !== "linux") return false;
  try {
    runAsRoot("mount", "-t", "tmpfs", "-o", `${options},mode=777`, "tmpfs", folder);
    return true;
  } catch {
    return false;
  }
}

/** No operation that writes is acknowledged, and each says why. */
function refusedWith(code: string, kinds: readonly string[] = KINDS): ExhaustedChildReport {
  return Object.fromEntries(
    kinds.flatMap((kind) => [
      [`${kind} load`, EARLIER],
      ...["replace", "generate", "loadOrGenerate"].map((operation) => [`${kind} ${operation}`, code]),
    ]),
  );
}

describe.skipIf(process.platform === "win32")("a persistable, where the system says no", () => {
  test("keeps what was there on a full disk, and says that it is full", async (context) => {
    await using rig = await Rig.create({ mount: "size=600k" });
    if (rig === undefined) return context.skip("no disk can be mounted here");
    const ballast = path.join(rig.dataDir, "ballast");
    expect(() => {
      for (;;) appendFileSync(ballast, Buffer.alloc(4096));
    }).toThrow("ENOSPC");
    expect(await rig.tryEverything()).toEqual(refusedWith(FULL));
    rmSync(ballast);
    await rig.expectSound();
  });

  test("keeps what was there where files may not become that big, and says so", async () => {
    await using rig = await Rig.create();
    const report = await rig?.tryEverything("ulimit -f 64");
    expect(report).toMatchObject(refusedWith(FULL, ["large"]));
    // A payload that is small enough is written.
    expect(report).toMatchObject({ "small replace": NEW, "small generate": NEW });
    for (const key of ["earlier", "new"]) await persistableOf(fileStore(rig?.dataDir ?? ""), "small", key).remove();
    await persistableOf(fileStore(rig?.dataDir ?? ""), "small", "earlier").generate({ untracked: { serial: EARLIER } });
    await rig?.expectSound();
  });

  test("loads from a disk that is mounted read-only, and says that it is", async (context) => {
    await using rig = await Rig.create({ mount: "size=2m" });
    if (rig === undefined) return context.skip("no disk can be mounted here");
    runAsRoot("mount", "-o", "remount,ro", rig.dataDir);
    expect(await rig.tryEverything()).toEqual(refusedWith(ACCESS));
    runAsRoot("mount", "-o", "remount,rw", rig.dataDir);
    await rig.expectSound();
  });

  test("loads from a folder that this user may not write, and says so", async () => {
    await using rig = await Rig.create();
    const folders = ["", "small", "large", ".persistable", ".persistable/tmp"].map((name) =>
      path.join(rig?.dataDir ?? "", name),
    );
    for (const folder of folders) chmodSync(folder, 0o555);
    const report = await rig?.tryEverything("true", isRoot ? { uid: NOBODY } : {});
    for (const folder of folders) chmodSync(folder, 0o755);
    expect(report).toEqual(refusedWith(ACCESS));
    await rig?.expectSound();
  });

  test("says that too many files are open, and works again when they are closed", async () => {
    await using rig = await Rig.create();
    const report = await rig?.tryEverything("ulimit -n 128", { opensAllFiles: true });
    const loads = { "small load": TOO_MANY, "large load": TOO_MANY };
    expect(report).toEqual({ ...refusedWith(TOO_MANY), ...loads });
    await rig?.expectSound();
  });

  test("says so of folders and files of the user, many at once, and has all of them afterwards", async () => {
    await using folder = await temporaryFolder();
    const child = await buildChild("test/support/many-folders-child.ts");
    const publish = async (limits: string, atOnce: number): Promise<ManyFoldersReport> => {
      const input: ManyFoldersInput = { dataDir: folder.join(`data-${atOnce}`), count: 100, atOnce };
      const args = ["-c", `${limits} && exec "$0" "$@"`, process.execPath, child, JSON.stringify(input)];
      return JSON.parse((await promisify(execFile)("bash", args)).stdout) as ManyFoldersReport;
    };
    // The program, the library and the thread that renews leases take about forty of them.
    expect(await publish("ulimit -n 64", 4)).toEqual({ good: 200, codes: [] });
    // Chance decides how many of two hundred get through, and whether the generators can write
    // their own files.
    const { codes } = await publish("ulimit -n 64", 200);
    expect([TOO_MANY, OWN_FILE]).toEqual(expect.arrayContaining([...codes]));
    expect(await publish("true", 200)).toEqual({ good: 200, codes: [] });
  });

  test("says so as well where it is a part of the library that cannot be read any more", async () => {
    await using rig = await Rig.create();
    const report = await rig?.tryEverything("ulimit -n 128", { opensAllFiles: true }, buildSplitChild);
    expect(new Set(Object.values(report ?? {}))).toEqual(new Set([TOO_MANY]));
    await rig?.expectSound();
  });
});
