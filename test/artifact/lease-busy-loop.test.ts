import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { Address } from "../../src/address/address.ts";
import { firstClaimPath, leaseFolder, readClaim } from "../../src/artifact/lease/lease-claim.ts";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { sftpStore } from "../../src/entry/stores/sftp.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { openStore } from "../../src/store/open/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type BlackHole, startBlackHole } from "../support/black-hole.ts";
import { buildInstalled } from "../support/build-installed.ts";
import type { BusyPlace, BusyTask } from "../support/busy-loop-child.ts";
import { startChild } from "../support/run-child.ts";
import { ACCOUNT, createContainer, startAzurite } from "../support/servers/azurite.ts";
import { startGcsDouble } from "../support/servers/gcs-double.ts";
import { CREDENTIALS, createBucket, startMoto } from "../support/servers/s3-servers.ts";
import { startSshd } from "../support/servers/sshd.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/**
 * How long a generator keeps its event loop busy while another process waits: 60 s in a long run.
 */
const BUSY_MS = Number(process.env.PERSISTABLE_TEST_BUSY_MS ?? 2000);

Object.assign(process.env, ACCOUNT, CREDENTIALS.s3rver);
const [moto, azurite, sshd, gcs] = await Promise.all([startMoto(), startAzurite(), startSshd(), startGcsDouble()]);
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => Promise.all([moto, azurite, sshd, gcs].map((server) => server?.[Symbol.asyncDispose]())));
const child = await buildInstalled("test/support/busy-loop-child.ts");
const oneFile = await buildInstalled("test/support/busy-loop-child.ts", { isOneFile: true });

const address = "b".repeat(64) as Address;
const timing = { pollMs: 50, beatMs: 200, staleMs: 1_000_000 };

/** A child's store as its path, and the same store in this process. */
interface Place {
  readonly place: BusyPlace;
  readonly store: Store;
}

type Open = (folder: TemporaryFolder) => Promise<Place>;

const inMoto = async (): Promise<{ bucket: string; endpoint: string }> => {
  const endpoint = moto?.url ?? "";
  return { bucket: await createBucket(endpoint), endpoint };
};

const places: readonly (readonly [string, unknown, Open])[] = [
  [
    "a folder",
    true,
    async (folder) => {
      const url = folder.path;
      return { place: { kind: "url", url }, store: fileStore(url, { durable: false }) };
    },
  ],
  [
    "a bucket by its URL",
    moto,
    async () => {
      const { bucket, endpoint } = await inMoto();
      const url = `s3://${bucket}/team?endpoint=${encodeURIComponent(endpoint)}`;
      return { place: { kind: "url", url }, store: openStore(url) };
    },
  ],
  [
    "a bucket by options",
    moto,
    async () => {
      const options = { ...(await inMoto()), prefix: "a team", patience: { attempts: 3 } };
      return { place: { kind: "s3", options }, store: await s3Store(options) };
    },
  ],
  [
    "an Azure container",
    azurite,
    async () => {
      const endpoint = `${azurite?.url}/${ACCOUNT.AZURE_STORAGE_ACCOUNT}`;
      const options = { container: await createContainer(endpoint), endpoint };
      return { place: { kind: "azure", options }, store: await azureStore(options) };
    },
  ],
  [
    "a bucket of Google",
    gcs,
    async () => {
      const options = { bucket: gcs.createBucket(), endpoint: gcs.url };
      return { place: { kind: "gcs", options }, store: await gcsStore(options) };
    },
  ],
  [
    "a folder of an SFTP server",
    sshd,
    async (folder) => {
      const { port = 0, hostKey, keyFile, username } = sshd ?? {};
      const options = { host: "127.0.0.1", port, hostKey, privateKeyFile: keyFile, username, path: folder.path };
      return { place: { kind: "sftp", options }, store: await sftpStore(options) };
    },
  ],
  [
    "a folder of an SFTP server by its URL",
    sshd,
    async (folder) => {
      const { port, hostKey, keyFile = "", username } = sshd ?? {};
      // Where people have their keys: this process and those that it starts look there.
      const keys = folder.join("home", ".ssh");
      mkdirSync(keys, { recursive: true });
      writeFileSync(`${keys}/id_ed25519`, readFileSync(keyFile), { mode: 0o600 });
      writeFileSync(`${keys}/known_hosts`, `[127.0.0.1]:${port} ${hostKey}\n`);
      vi.stubEnv("HOME", folder.join("home"));
      vi.stubEnv("SSH_AUTH_SOCK", "");
      const url = `sftp://${username}@127.0.0.1:${port}${folder.join("data")}`;
      return { place: { kind: "url", url }, store: openStore(url) };
    },
  ],
  [
    "a layered store whose claims lie in a bucket",
    moto,
    async (folder) => {
      const options = await inMoto();
      const remote: BusyPlace = { kind: "s3", options };
      return { place: { kind: "layered", folder: folder.join("local"), remote }, store: await s3Store(options) };
    },
  ],
  [
    "a layered store over two folders",
    true,
    async (folder) => {
      const remote: BusyPlace = { kind: "url", url: folder.join("remote") };
      return {
        place: { kind: "layered", folder: folder.join("local"), remote },
        store: fileStore(folder.join("remote"), { durable: false }),
      };
    },
  ],
  [
    "layers of layers",
    moto,
    async (folder) => {
      const options = await inMoto();
      const inner: BusyPlace = { kind: "layered", folder: folder.join("inner"), remote: { kind: "s3", options } };
      return { place: { kind: "layered", folder: folder.join("outer"), remote: inner }, store: await s3Store(options) };
    },
  ],
];

async function sawBeats(store: Store, count: number): Promise<void> {
  const seen = new Set<string>();
  while (seen.size < count) {
    const claim = await readClaim(store, firstClaimPath(address));
    if (claim !== undefined) seen.add(claim.beat);
    await sleep(20);
  }
}

/**
 * Lets only the warning of a package about itself pass, which comes once although two threads load
 * it.
 */
function expectNoComplaints(complaints: string): void {
  expect(complaints).not.toMatch(/Lease|Error/);
  expect(complaints.match(/^\(node:/gm)?.filter((line) => !line.includes("--trace")).length ?? 0).toBeLessThanOrEqual(
    1,
  );
}

async function claimsIn(store: Store): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list(`${leaseFolder()}/`)) paths.push(path);
  return paths;
}

describe("a lease of a process whose event loop stands still", () => {
  for (const [name, server, open] of places) {
    test.skipIf(server === undefined)(`goes on beating in ${name}, and ends when it is given back`, async () => {
      await using folder = await temporaryFolder();
      await using files = await temporaryFolder();
      const { place, store } = await open(folder);
      const goFile = files.join("go");
      await using busy = startChild(child, { place, address, timing, goFile } satisfies BusyTask);
      await busy.waitFor((line) => line === "held");
      await sawBeats(store, 4);
      writeFileSync(goFile, "");
      await busy.waitFor((line) => line === "released");
      expect(await busy.ended).toBe(0);
      await sleep(3 * timing.beatMs);
      expect(await claimsIn(store)).toEqual([]);
      expectNoComplaints(busy.complaints);
    });
  }

  test.each([
    ["a store that the program has made itself", child, /no thread can open a store that the program has made/],
    ["a program that is bundled with the library", oneFile, /bundled with the program/],
  ])("is said to depend on the loop, once, in %s", async (_name, script, why) => {
    await using folder = await temporaryFolder();
    await using files = await temporaryFolder();
    const isOwn = script === child;
    if (!isOwn && moto === undefined) return;
    const place: BusyPlace = isOwn ? { kind: "own", folder: folder.path } : { kind: "s3", options: await inMoto() };
    const task: BusyTask = { place, address, timing, busyMs: 4000, journal: files.join("journal") };
    await using busy = startChild(script, task);
    expect(await busy.ended).toBe(0);
    expect(busy.complaints.match(/LeaseWarning/g)).toHaveLength(1);
    expect(busy.complaints).toMatch(why);
    expect(busy.complaints).toMatch(/worker: true/);
  });

  test.skipIf(moto === undefined)(
    "needs nothing of the library on its thread where it is given back at once",
    async () => {
      const { place } = await (places[2] as (typeof places)[number])[2](await temporaryFolder());
      await using busy = startChild(child, { place, address, timing, isShort: true } satisfies BusyTask);
      expect(await busy.ended).toBe(0);
      expectNoComplaints(busy.complaints);
    },
  );

  test.skipIf(moto === undefined)("is given back although the server is silent, and the process ends", async () => {
    await using files = await temporaryFolder();
    await using hole: BlackHole = await startBlackHole(moto?.port ?? 0);
    const { bucket, endpoint } = await inMoto();
    const place: BusyPlace = {
      kind: "s3",
      options: { bucket, endpoint: `http://127.0.0.1:${hole.port}`, patience: { attempts: 1, stallMs: 1000 } },
    };
    const goFile = files.join("go");
    await using busy = startChild(child, { place, address, timing, goFile } satisfies BusyTask);
    await busy.waitFor((line) => line === "held");
    await sawBeats(await s3Store({ bucket, endpoint }), 3);
    hole.swallow();
    writeFileSync(goFile, "");
    await busy.waitFor((line) => line === "released");
    expect(await busy.ended).toBe(0);
  });

  // A store of each kind by default, and all of them when it takes long.
  const short = ["a bucket by options", "a folder of an SFTP server", "a layered store over two folders"];
  for (const [name, server, open] of places.filter(([name]) => BUSY_MS > 20_000 || short.includes(name))) {
    test.skipIf(server === undefined)(
      `is waited for by another process in ${name}, so that one of them generates`,
      async () => {
        await using folder = await temporaryFolder();
        await using files = await temporaryFolder();
        const { place } = await open(folder);
        const task: BusyTask = { place, address, timing: {}, busyMs: BUSY_MS, journal: files.join("journal") };
        const generated = (): string[] => {
          try {
            return readFileSync(files.join("journal"), "utf8").trim().split("\n");
          } catch {
            return [];
          }
        };
        await using first = startChild(child, task);
        while (generated().length === 0) await sleep(20);
        await using second = startChild(child, task);
        expect([await first.ended, await second.ended]).toEqual([0, 0]);
        expect(second.told.at(-1)).toEqual(first.told.at(-1));
        expect(generated()).toEqual([String(first.pid)]);
      },
    );
  }
});
