import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  NotAFileError,
  ObjectExistsError,
  ObjectTooLargeError,
  StoreAccessError,
  type StoreError,
  StoreFullError,
} from "../../src/entry/index.ts";
import { openSftp, type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { isStraceInstalled } from "../support/crash-strace.ts";
import { buildChild } from "../support/run-child.ts";
import { type Sshd, startSshd } from "../support/servers/sshd.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const [sshd, poor] = await Promise.all([startSshd(), startSshd(["hardlink", "posix-rename", "statvfs", "fstatvfs"])]);
afterAll(() => Promise.all([sshd?.close(), poor?.close()]));

const PATH = storePath("points", "a.json");
const bytes = (count: number): Uint8Array[] => [new Uint8Array(count).fill(7)];

function optionsFor(server: Sshd, path: string): SftpStoreOptions {
  const { port, hostKey, keyFile, username } = server;
  return { host: "127.0.0.1", port, hostKey, privateKeyFile: keyFile, username, path, durable: false };
}

async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  return call.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as StoreError,
  );
}

/**
 * A small disk of its own for the server, gone at the end of the scope; undefined where none can be
 * mounted.
 */
function tryMount(folder: string, options: string): Disposable | undefined {
  mkdirSync(folder, { recursive: true });
  if (process.getuid?.() !== 0) return undefined;
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  if (status !== 0) return undefined;
  return { [Symbol.dispose]: () => void spawnSync("umount", ["-l", folder], { stdio: "ignore" }) };
}

describe.skipIf(sshd === undefined || !isStraceInstalled())("a connection to an SFTP server", () => {
  it("waits for no acknowledgement before it sends the next request", async () => {
    await using folder = await temporaryFolder();
    const child = await buildChild("test/support/sftp-abort-child.ts");
    const options = JSON.stringify(optionsFor(sshd as Sshd, folder.path));
    const traced = ["-f", "-e", "trace=connect,setsockopt", process.execPath, child, options];
    const { status, stderr } = spawnSync("strace", traced, { input: "go\n", encoding: "utf8" });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    const connections = stderr.match(/connect\(\d+, \{sa_family=AF_INET6?, sin6?_port=htons\(\d+\)/g) ?? [];
    const withoutDelay = stderr.match(/setsockopt\(\d+, SOL_TCP, TCP_NODELAY, \[1\]/g) ?? [];
    expect(connections.length).toBeGreaterThan(0);
    expect(withoutDelay.length).toBe(connections.length);
  });
});

describe.skipIf(sshd === undefined)("a failure of an SFTP server", () => {
  const server = sshd as Sshd;

  it.for(["writeFresh", "createIfAbsent", "replace"] as const)(
    "says that the disk is full where it is (%s), and loses nothing",
    async (way, context) => {
      await using folder = await temporaryFolder();
      using disk = tryMount(folder.join("disk"), "size=600k,mode=777");
      if (disk === undefined) return context.skip("no disk can be mounted here");
      const store = await sftpStore(optionsFor(server, folder.join("disk", "data")));
      await store.createIfAbsent(PATH, bytes(1000));
      const other = storePath("points", "b.json");
      for (const given of [bytes(2_000_000), [...bytes(400_000), ...bytes(400_000)]]) {
        const failure = await failureOf(store[way](other, given));
        expect(failure).toBeInstanceOf(StoreFullError);
        expect(failure.path).toBe(`${store.url}/points/b.json`);
        expect(await store.stat(other)).toBeUndefined();
      }
      expect((await store.read(PATH))?.length).toBe(1000);
      await store[way](other, bytes(100_000));
      expect((await store.read(other))?.length).toBe(100_000);
      expect(readdirSync(folder.join("disk", "data", ".persistable", "tmp"))).toEqual([]);
    },
  );

  it("says that there is no room for another file", async (context) => {
    await using folder = await temporaryFolder();
    using disk = tryMount(folder.join("disk"), "size=600k,nr_inodes=6,mode=777");
    if (disk === undefined) return context.skip("no disk can be mounted here");
    const store = await sftpStore(optionsFor(server, folder.join("disk", "data")));
    const failures: StoreError[] = [];
    for (let index = 0; index < 8; index++)
      await store
        .createIfAbsent(storePath("points", `${index}`), bytes(10))
        .catch((error: unknown) => failures.push(error as StoreError));
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toBeInstanceOf(StoreFullError);
  });

  it("says that the disk is read-only where it is", async (context) => {
    await using folder = await temporaryFolder();
    using disk = tryMount(folder.join("disk"), "size=600k,mode=777");
    if (disk === undefined) return context.skip("no disk can be mounted here");
    const place = folder.join("disk", "data");
    await (await sftpStore(optionsFor(server, place))).createIfAbsent(PATH, bytes(1000));
    spawnSync("mount", ["-o", "remount,ro", folder.join("disk")]);
    const store = await sftpStore(optionsFor(server, place));
    expect((await store.read(PATH))?.length).toBe(1000);
    const calls = [
      () => store.createIfAbsent(storePath("points", "b"), bytes(10)),
      () => store.writeFresh(storePath("deeper", "b"), bytes(10)),
      () => store.replace(PATH, bytes(10)),
      () => store.remove(PATH),
      () => store.move(PATH, storePath("points", "c")),
    ];
    for (const call of calls) {
      const failure = await failureOf(call());
      expect(failure).toBeInstanceOf(StoreAccessError);
      expect(failure.message).toMatch(/read-only/);
      expect(failure.message).toContain(store.url);
    }
  });

  it("remains a mere failure where the server cannot tell more", async (context) => {
    await using folder = await temporaryFolder();
    using disk = tryMount(folder.join("disk"), "size=600k,mode=777");
    if (disk === undefined || poor === undefined) return context.skip("no disk can be mounted here");
    const store = await sftpStore(optionsFor(poor, folder.join("disk", "data")));
    expect(await failureOf(store.createIfAbsent(PATH, bytes(2_000_000)))).toMatchObject({
      code: "PERSISTABLE_STORE_IO",
      systemCode: "EIO",
    });
  });

  const strays: readonly (readonly [string, (store: Store) => Promise<unknown>, unknown])[] = [
    ["read a link", (store) => store.read(storePath("points", "link")), NotAFileError],
    ["stat a folder", (store) => store.stat(storePath("points", "folder")), NotAFileError],
    ["read a folder", (store) => store.read(storePath("points", "folder")), NotAFileError],
    ["remove a folder", (store) => store.remove(storePath("points", "folder")), NotAFileError],
    ["write below a link", (store) => store.writeFresh(storePath("linked", "a"), bytes(1)), NotAFileError],
    ["replace a folder", (store) => store.replace(storePath("points", "folder"), bytes(1)), NotAFileError],
    [
      "create in the place of a folder",
      (store) => store.createIfAbsent(storePath("points", "folder"), bytes(1)),
      NotAFileError,
    ],
    ["list below a link", (store) => drain(store.list("linked/a")), NotAFileError],
    ["read too much", (store) => store.read(PATH, { maxBytes: 10 }), ObjectTooLargeError],
    ["write what is there", (store) => store.writeFresh(PATH, bytes(1)), ObjectExistsError],
    ["move onto what is there", (store) => store.move(PATH, storePath("points", "b.json")), ObjectExistsError],
  ];

  it.each(strays)(
    "to %s names the place on the server as a URL, and no path of this machine",
    async (_name, call, kind) => {
      await using folder = await temporaryFolder();
      const place = folder.join("my data");
      const store = await sftpStore(optionsFor(server, place));
      for (const name of ["a.json", "b.json"]) await store.createIfAbsent(storePath("points", name), bytes(100));
      mkdirSync(folder.join("my data", "points", "folder"));
      writeFileSync(folder.join("my data", "points", "folder", "inside"), "");
      symlinkSync(folder.join("my data", "points", "a.json"), folder.join("my data", "points", "link"));
      symlinkSync(folder.join("my data", "points"), folder.join("my data", "linked"));
      for (const opened of [store, await sftpStore(optionsFor(server, `${place}//`))]) {
        const failure = await failureOf(call(opened));
        expect(failure).toBeInstanceOf(kind);
        expect(failure.path.startsWith(`${store.url}/`)).toBe(true);
        const shown = [
          failure.message,
          failure.stack?.split("\n    at ")[0] ?? "",
          String((failure.cause as Error | undefined)?.message),
        ];
        for (const text of shown) expect(text.replaceAll(store.url, "")).not.toContain(folder.path);
        expect(failure.message).toContain(failure.path);
      }
    },
  );

  it("names a place below the root of the server", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("file"), "");
    const store = await sftpStore(optionsFor(server, "/"));
    const path = storePath(...folder.path.slice(1).split("/"), "file", "a");
    const failure = await failureOf(store.createIfAbsent(path, bytes(1)));
    expect(failure.path).toBe(`${store.url}/${path}`);
    expect(failure.message.replaceAll(`${store.url}/`, "")).not.toMatch(/(^| )\//);
  });
});

async function drain(entries: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of entries);
}

describe.skipIf(sshd === undefined)("a key that lets nobody in", () => {
  const server = sshd as Sshd;

  async function refusal(change: Partial<SftpStoreOptions>): Promise<StoreError> {
    const failure = await failureOf(sftpStore({ ...optionsFor(server, "/tmp"), ...change }));
    expect(failure).toBeInstanceOf(StoreAccessError);
    expect(failure.path).toBe(`sftp://${server.username}@127.0.0.1:${server.port}/tmp`);
    expect(failure.message).not.toMatch(/Check the disk/);
    return failure;
  }

  it("because it has a passphrase, is told so, whatever kind of file it is", async () => {
    await using folder = await temporaryFolder();
    for (const [index, kind] of [
      ["-t", "ed25519"],
      ["-t", "rsa", "-m", "PEM"],
      ["-t", "rsa", "-m", "PKCS8"],
      ["-t", "ecdsa"],
    ].entries()) {
      const privateKeyFile = folder.join(`key-${index}`);
      const { status } = spawnSync("ssh-keygen", ["-q", ...kind, "-N", "opens it", "-f", privateKeyFile]);
      expect(status).toBe(0);
      const none = await refusal({ privateKeyFile });
      expect(none.message).toContain(privateKeyFile);
      const wrong = await refusal({ privateKeyFile, passphrase: "CANARY-WORD" });
      expect(wrong.message).toMatch(/passphrase does not open/);
      expect(wrong.message).not.toContain("CANARY");
    }
    expect((await refusal({ privateKeyFile: folder.join("key-0") })).message).toMatch(
      /has a passphrase, and none was given/,
    );
  });

  it("because it is missing, empty, a folder, public or garbage, is told so", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.join("folder"));
    writeFileSync(folder.join("empty"), "\n");
    writeFileSync(
      folder.join("garbage"),
      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    writeFileSync(folder.join("cut"), readFileSync(server.keyFile).subarray(0, 120));
    writeFileSync(folder.join("public"), readFileSync(`${server.keyFile}.pub`));
    for (const name of ["missing", "folder", "empty", "garbage", "cut", "public"]) {
      const { message } = await refusal({ privateKeyFile: folder.join(name) });
      expect(message).toContain(folder.join(name));
    }
    expect((await refusal({ privateKeyFile: folder.join("missing") })).message).toMatch(/is not there/);
  });

  it("because the agent is gone, is told so", async () => {
    vi.stubEnv("SSH_AUTH_SOCK", "/nowhere/agent.sock");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { message } = await refusal({ privateKeyFile: undefined });
    expect(message).toMatch(/ssh-agent does not answer at \/nowhere\/agent\.sock/);
  });

  it("stays a failure of the network where the server is not there", async () => {
    const options = { ...optionsFor(server, "/tmp"), port: 1 };
    expect(await failureOf(sftpStore(options))).toMatchObject({
      code: "PERSISTABLE_STORE_IO",
      systemCode: "ECONNREFUSED",
    });
    await expect(openSftp("sftp://nowhere.invalid/data")).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_(IO|ACCESS)/),
    });
  });
});
