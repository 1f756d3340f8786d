import { readdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type Sshd, startSshd } from "../support/servers/sshd.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** How often names are raced for on each server: few by default, many in a long run. */
const ROUNDS = Number(process.env.PERSISTABLE_TEST_SFTP_ROUNDS ?? 10);
const CONNECTIONS = 6;

/** The extensions that each server refuses, and whether it can still create exclusively. */
const kinds = [
  { forbidden: [], isExclusive: true },
  { forbidden: ["hardlink"], isExclusive: true },
  { forbidden: ["posix-rename"], isExclusive: true },
  { forbidden: ["hardlink", "posix-rename"], isExclusive: false },
] as const;

const servers = await Promise.all(kinds.map(({ forbidden }) => startSshd(forbidden)));
afterAll(() => Promise.all(servers.map((server) => server?.close())));

function optionsFor(server: Sshd, path: string): SftpStoreOptions {
  const { port, hostKey, keyFile, username } = server;
  return { host: "127.0.0.1", port, hostKey, privateKeyFile: keyFile, username, path, durable: false };
}

function openAll(server: Sshd, path: string): Promise<Store[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, () => sftpStore(optionsFor(server, path))));
}

describe.each(kinds.map((kind, index) => ({ ...kind, server: servers[index] })))(
  "a server that refuses $forbidden",
  ({ isExclusive, server: found }) => {
    const server = found as Sshd;

    it.skipIf(found === undefined)(
      "says whether it creates exclusively, before its first lease at the latest",
      async () => {
        await using folder = await temporaryFolder();
        const store = await sftpStore(optionsFor(server, folder.path));
        await store.prepare?.();
        expect(store.capabilities.exclusiveCreate).toBe(isExclusive);
        expect(filesIn(folder.path)).toEqual([]);
      },
    );

    it.skipIf(found === undefined)(
      "gives a name to one of many racing connections, with what that one wrote",
      async () => {
        await using folder = await temporaryFolder();
        const stores = await openAll(server, folder.path);
        for (let round = 0; round < ROUNDS; round++) {
          const path = storePath("raced", `round-${round}.json`);
          const outcomes = await Promise.all(
            stores.map((store, index) => store.createIfAbsent(path, [Buffer.alloc(1000 + index, index)])),
          );
          const winners = outcomes.flatMap((outcome, index) => (outcome === "created" ? [index] : []));
          const there = await stores[0]?.read(path);
          expect({ round, winners: winners.length }).toEqual({ round, winners: 1 });
          expect({ round, bytes: there }).toEqual({
            round,
            bytes: new Uint8Array(1000 + (winners[0] ?? 0)).fill(winners[0] ?? 0),
          });
        }
        expect(filesIn(folder.join(".persistable"))).toEqual([]);
      },
    );

    it.skipIf(found === undefined)("replaces an object under many racing connections, and never loses it", async () => {
      await using folder = await temporaryFolder();
      const stores = await openAll(server, folder.path);
      const path = storePath("raced", "replaced.json");
      await stores[0]?.createIfAbsent(path, [Buffer.alloc(1000)]);
      for (let round = 0; round < ROUNDS; round++) {
        const outcomes = await Promise.allSettled(
          stores.map((store, index) => store.replace(path, [Buffer.alloc(1000 + index, index)])),
        );
        const there = await stores[0]?.read(path);
        // Whole, and by one of those that were told that it is theirs.
        const writer = (there?.length ?? 0) - 1000;
        expect({ round, there }).toEqual({ round, there: new Uint8Array(1000 + writer).fill(writer) });
        expect(outcomes[writer]?.status).toBe("fulfilled");
      }
      expect(filesIn(folder.join(".persistable"))).toEqual([]);
    });

    it.skipIf(found === undefined)("leaves what is there alone, when it cannot create", async () => {
      await using folder = await temporaryFolder();
      const [store] = (await openAll(server, folder.path)) as [Store];
      const path = storePath("raced", "there.json");
      await store.createIfAbsent(path, []);
      // An object without bytes looks like the placeholder of another writer.
      expect(await store.createIfAbsent(path, [Buffer.from("second")])).toBe("exists");
      expect((await store.read(path))?.length).toBe(0);
      await store.replace(path, [Buffer.from("third")]);
      expect(Buffer.from((await store.read(path)) ?? []).toString()).toBe("third");
      writeFileSync(folder.join("file"), "");
      await expect(store.createIfAbsent(storePath("file", "a"), [Buffer.from("x")])).rejects.toThrow();
      expect(filesIn(folder.join(".persistable"))).toEqual([]);
    });
  },
);

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
