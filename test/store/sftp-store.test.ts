import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { definePersistable, openStore } from "../../src/entry/index.ts";
import { openSftp, type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import { KnownHosts } from "../../src/store/sftp/known-hosts.ts";
import { storePath } from "../../src/store/store-path.ts";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { proveLikeAnother, proveStore } from "../support/prove-store.ts";
import { buildChild } from "../support/run-child.ts";
import { type Sshd, startSshd } from "../support/servers/sshd.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const [sshd, poor] = await Promise.all([startSshd(), startSshd(["hardlink", "fsync"])]);
const module = pathToFileURL(await buildChild("test/store/sftp-store-module.ts"));
afterAll(() => Promise.all([sshd?.close(), poor?.close()]));

const PATH = storePath("points", "a.json");

function optionsFor(server: Sshd, path: string): SftpStoreOptions {
  const { port, hostKey, keyFile, username } = server;
  return { host: "127.0.0.1", port, hostKey, privateKeyFile: keyFile, username, path, durable: false };
}

function subjectOf(name: string, server: Sshd): StoreSubject {
  return {
    name,
    capabilities: { exclusiveCreate: true, durable: false, shared: true },
    clockStepMs: 1000,
    module,
    async open() {
      const folder = await temporaryFolder();
      const options = optionsFor(server, folder.join("not there yet", "data"));
      return {
        store: await sftpStore(options),
        place: JSON.stringify(options),
        reopen: () => sftpStore(options),
        close: async () => folder[Symbol.asyncDispose](),
      };
    },
  };
}

if (sshd !== undefined) proveStore(subjectOf("a folder of an SFTP server", sshd));
if (poor !== undefined)
  proveLikeAnother(
    subjectOf("a folder of an SFTP server without hard links and extensions", poor),
    /writing|creating|replacing|moving|removing|sharing|faults/,
  );

describe.skipIf(sshd === undefined)("a folder of an SFTP server", () => {
  const server = sshd as Sshd;

  it("has the layout of a local one, and gives big payloads back", async () => {
    await using folder = await temporaryFolder();
    const points = definePersistable({
      name: "points",
      generate: () => Float64Array.from({ length: 2_000_000 }, (_, index) => index),
    });
    const dataDir = await sftpStore({ ...optionsFor(server, folder.path), durable: true });
    await points({}, { dataDir }).payload;
    const there = await points({}, { dataDir: await sftpStore(optionsFor(server, folder.path)) }).load();
    expect(there[1_999_999]).toBe(1_999_999);
    const here = await points({}, { dataDir: folder.path }).load();
    expect(Buffer.from(here.buffer).equals(Buffer.from(there.buffer))).toBe(true);
  });

  it("lets in nobody with another key, and trusts no server that it does not know", async () => {
    const said: unknown[] = [];
    for (const method of ["log", "error", "warn"] as const)
      vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void said.push(words));
    onTestFinished(() => void vi.restoreAllMocks());
    await using folder = await temporaryFolder();
    const options = optionsFor(server, folder.path);
    await expect(sftpStore({ ...options, privateKeyFile: server.strangerKeyFile })).rejects.toThrow(
      /does not let this user in/,
    );
    await expect(sftpStore({ ...options, hostKey: undefined })).rejects.toThrow(/key of 127\.0\.0\.1 is not known/);
    const other = readFileSync(`${server.strangerKeyFile}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
    await expect(sftpStore({ ...options, hostKey: other })).rejects.toThrow(/a key that differs from the known one/);
    await expect(openSftp("sftp://lab:secret@host/data")).rejects.toThrow(/credentials/);
    await expect(sftpStore({ ...options, port: 1 })).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO" });
    expect(said).toEqual([]);
  });

  it("goes on after a connection was lost, and leaves nothing of what it cut off", async () => {
    await using folder = await temporaryFolder();
    const store = await sftpStore(optionsFor(server, folder.path));
    await store.writeFresh(PATH, [Buffer.from("before")]);
    async function* cutOff(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(300_000);
      server.dropConnections();
      yield new Uint8Array(300_000);
    }
    const other = storePath("points", "b.json");
    await expect(store.createIfAbsent(other, cutOff())).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO" });
    expect(Buffer.from((await store.read(PATH)) ?? []).toString()).toBe("before");
    expect(await store.stat(other)).toBeUndefined();
    expect(await store.createIfAbsent(other, [Buffer.from("after")])).toBe("created");
    expect(readdirSync(folder.join(".persistable", "tmp"))).toEqual([]);
  });

  it("can by its URL what it can by options", async () => {
    await using home = await temporaryFolder();
    await using folder = await temporaryFolder();
    mkdirSync(home.join(".ssh"));
    writeFileSync(home.join(".ssh", "id_ed25519"), readFileSync(server.keyFile), { mode: 0o600 });
    writeFileSync(home.join(".ssh", "known_hosts"), `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
    vi.stubEnv("HOME", home.path);
    vi.stubEnv("SSH_AUTH_SOCK", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    const byOptions = await sftpStore(optionsFor(server, folder.path));
    const byUrl = openStore(`sftp://${server.username}@127.0.0.1:${server.port}${folder.path}`);
    expect(byUrl.url).toBe(byOptions.url);
    const calls = Object.getOwnPropertyNames(Object.getPrototypeOf(byOptions)).filter((name) => name !== "constructor");
    expect(calls.filter((name) => !(name in byUrl))).toEqual([]);
    await byUrl.createIfAbsent(PATH, [Buffer.from("one")]);
    expect(byUrl.capabilities).toEqual(byOptions.capabilities);
    expect(await byUrl.moveFolder?.(storePath("points"), storePath("moved"))).toBe(true);
    expect(Buffer.from((await byOptions.read(storePath("moved", "a.json"))) ?? []).toString()).toBe("one");
    expect(await byUrl.removeTree?.(storePath("moved"))).toBe(true);
    expect(await byOptions.stat(storePath("moved", "a.json"))).toBeUndefined();
  });

  it("follows no symbolic link", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("outside"), "secret");
    mkdirSync(folder.join("data", "points"), { recursive: true });
    symlinkSync(folder.join("outside"), folder.join("data", "points", "a.json"));
    const store = await sftpStore(optionsFor(server, folder.join("data")));
    await expect(store.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_NOT_A_FILE" });
  });
});

describe("known hosts", () => {
  const key = "AAAAC3NzaC1lZDI1NTE5AAAAIG7zR1Jx9fB6pDkq0u0m0Kq1b0Zk8mXo1Yw0lq0ZkT1f";
  const bytes = Buffer.from(key, "base64");
  const other = Buffer.from(bytes);
  other[40] = (other[40] ?? 0) ^ 1;

  it.each([
    ["plain", `example.com,10.0.0.1 ssh-ed25519 ${key}`, 22, "known"],
    ["of another host", `other.com ssh-ed25519 ${key}`, 22, "unknown"],
    ["with a port", `[example.com]:2222 ssh-ed25519 ${key}`, 2222, "known"],
    ["of another port", `[example.com]:2222 ssh-ed25519 ${key}`, 22, "unknown"],
    ["with a pattern", `*.org,exam*.com ssh-ed25519 ${key}`, 22, "known"],
    ["with an exception", `*.com,!example.com ssh-ed25519 ${key}`, 22, "unknown"],
    ["revoked", `@revoked * ssh-ed25519 ${key}`, 22, "revoked"],
    ["another one", `example.com ssh-ed25519 ${other.toString("base64")}`, 22, "changed"],
    ["of another type", "example.com ssh-rsa AAAA", 22, "unknown"],
    ["a comment", `# example.com ssh-ed25519 ${key}`, 22, "unknown"],
    ["hashed", `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key}`, 22, "unknown"],
  ] as const)("judge a line that is %s", (_what, line, port, verdict) => {
    expect(new KnownHosts(line, "example.com", port).check(bytes)).toBe(verdict);
  });

  it("find a hashed name", () => {
    // Of the manual's own example: the name 192.168.1.61.
    const line = `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key}`;
    expect(new KnownHosts(line, "192.168.1.61", 22).check(bytes)).toBe("known");
  });
});
