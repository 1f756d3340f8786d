import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/entry/index.ts";
import { type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { startBlackHole } from "../support/black-hole.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { type Sshd, startSshd } from "../support/servers/sshd.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const sshd = await startSshd();
afterAll(() => sshd?.close());

const PATH = storePath("points", "a.json");
const OTHER = storePath("points", "b.json");

describe.skipIf(sshd === undefined)("a server that falls silent", () => {
  const server = sshd as Sshd;
  const optionsFor = (port: number, path: string): SftpStoreOptions => ({
    host: "127.0.0.1",
    port,
    hostKey: server.hostKey,
    privateKeyFile: server.keyFile,
    username: server.username,
    path,
    durable: false,
  });
  async function drain(entries: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of entries);
  }
  const bytes = new Uint8Array(4_000_000);
  async function* forEver(): AsyncGenerator<Uint8Array> {
    for (;;) yield bytes;
  }

  const calls: readonly (readonly [string, (store: Store, signal: AbortSignal) => Promise<unknown>])[] = [
    ["read", (store, signal) => store.read(PATH, { signal })],
    ["read of a part", (store, signal) => store.read(PATH, { signal, range: { start: 10, end: 20 } })],
    ["stat", (store, signal) => store.stat(PATH, { signal })],
    ["writeFresh", (store, signal) => store.writeFresh(OTHER, [bytes], { signal })],
    ["writeFresh of a stream", (store, signal) => store.writeFresh(OTHER, forEver(), { signal })],
    ["createIfAbsent", (store, signal) => store.createIfAbsent(OTHER, [bytes], { signal })],
    ["replace", (store, signal) => store.replace(PATH, [bytes], { signal })],
    ["move", (store, signal) => store.move(PATH, OTHER, { signal })],
    ["remove", (store, signal) => store.remove(PATH, { signal })],
    ["list", (store, signal) => drain(store.list("", { signal }))],
  ];

  it.each(calls)("is left by an aborted %s, which never waits for its answer", async (_name, call) => {
    await using folder = await temporaryFolder();
    await using hole = await startBlackHole(server.port);
    const store = await sftpStore(optionsFor(hole.port, folder.path));
    await store.writeFresh(PATH, [bytes]);
    hole.swallow();
    const controller = new AbortController();
    const before = hole.receivedBytes;
    const calling = call(store, controller.signal).catch((error: unknown) => error);
    while (hole.receivedBytes === before) await sleep(5);
    controller.abort("enough");
    // No answer comes at all, so that it can only be the signal that ends it.
    expect(await calling).toBe("enough");
    hole.release();
    expect((await store.read(PATH))?.length).toBe(bytes.length);
  });

  it("is left by an aborted call that waits for its turn behind others", async () => {
    await using folder = await temporaryFolder();
    await using hole = await startBlackHole(server.port);
    const store = await sftpStore(optionsFor(hole.port, folder.path));
    await store.writeFresh(PATH, [bytes]);
    hole.swallow();
    const others = Array.from({ length: 200 }, () => store.stat(PATH).catch(() => "lost"));
    const reading = store.read(PATH, { signal: AbortSignal.timeout(200) });
    await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
    hole.release();
    await Promise.all(others);
  });

  it("is left by an aborted call while it is connected to, and the connection is called off", async () => {
    await using hole = await startBlackHole(server.port);
    hole.swallow();
    const timedOut = { name: "TimeoutError" };
    const opening = sftpStore(optionsFor(hole.port, "/nowhere"), { signal: AbortSignal.timeout(300) });
    await expect(opening).rejects.toMatchObject(timedOut);
    const store = openStore(`sftp://lab@127.0.0.1:${hole.port}/nowhere`);
    for (const [, call] of calls) {
      await expect(call(store, AbortSignal.timeout(50))).rejects.toMatchObject(timedOut);
    }
    await expect(store.prepare?.({ signal: AbortSignal.abort("no") })).rejects.toBe("no");
  });

  it("does not keep a process alive whose calls were aborted", async () => {
    await using folder = await temporaryFolder();
    await using hole = await startBlackHole(server.port);
    await using child = startChild(
      await buildChild("test/support/sftp-abort-child.ts"),
      optionsFor(hole.port, folder.path),
    );
    await child.waitFor((told) => told === "connected");
    hole.swallow();
    child.tell("go");
    expect(await child.ended).toBe(0);
    expect(child.told.at(-1)).toEqual(["TimeoutError", "TimeoutError"]);
  });

  it("is not given up by an aborted write as long as it answers, so that what was begun is removed", async () => {
    await using folder = await temporaryFolder();
    const store = await sftpStore(optionsFor(server.port, folder.path));
    for (const way of ["writeFresh", "createIfAbsent", "replace"] as const) {
      const controller = new AbortController();
      const writing = store[way](OTHER, forEver(), { signal: controller.signal }).catch((error: unknown) => error);
      while (filesIn(folder.path).length === 0) await sleep(5);
      controller.abort("enough");
      expect(await writing).toBe("enough");
      expect(filesIn(folder.path)).toEqual([]);
    }
  });
});

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
