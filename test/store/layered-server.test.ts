import { afterAll, describe, expect, test } from "vitest";
import { collectOrphans, StoreError } from "../../src/entry/index.ts";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { type LayeredMode, layeredStore } from "../../src/entry/stores/layered.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { digestsIn } from "../support/faulty-store.ts";
import { damageIn, isPayloadPath, isRecordPath, payloadKinds } from "../support/payload-kinds.ts";
import { ACCOUNT, createContainer, startAzurite } from "../support/servers/azurite.ts";
import { createBucket, startMoto } from "../support/servers/s3-servers.ts";
import type { TestServer } from "../support/servers/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Found by the clients in the environment, as those of their users are.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }, ACCOUNT);
const [moto, azurite] = await Promise.all([startMoto(), startAzurite()]);
afterAll(async () => {
  await Promise.all([moto?.close(), azurite?.close()]);
});

const patience = { attempts: 2, delayMs: 5, stallMs: 5000 };
const later = () => ({ nowMs: Date.now() + 2 * 24 * 60 * 60 * 1000 });

/** A place of its own on a server, reached directly or through a proxy. */
interface Place {
  open(port: number): Promise<Store>;
  readonly port: number;
}

const portOf = ({ url }: TestServer): number => Number(new URL(url).port);

const servers: Readonly<Record<string, { readonly server: TestServer | undefined; place(): Promise<Place> }>> = {
  "a bucket of moto": {
    server: moto,
    async place() {
      const server = moto as TestServer;
      const bucket = await createBucket(server.url);
      return {
        port: portOf(server),
        open: (port) => s3Store({ bucket, endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", patience }),
      };
    },
  },
  "a container of Azurite": {
    server: azurite,
    async place() {
      const server = azurite as TestServer;
      const account = ACCOUNT.AZURE_STORAGE_ACCOUNT;
      const container = await createContainer(`${server.url}/${account}`);
      return {
        port: portOf(server),
        open: (port) => azureStore({ container, account, endpoint: `http://127.0.0.1:${port}/${account}`, patience }),
      };
    },
  },
};

const unavailable = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

for (const [name, { server, place }] of Object.entries(servers))
  describe.skipIf(server === undefined)(`a folder before ${name}`, () => {
    async function rig() {
      const folder = await temporaryFolder();
      const { port, open } = await place();
      const proxy = await startFaultProxy(port);
      const direct = await open(port);
      const layered = async (mode?: LayeredMode, local = "local") =>
        layeredStore({
          local: fileStore(folder.join(local), { durable: false }),
          remote: await open(proxy.port),
          mode,
          onRemoteFailure() {},
        });
      const end = async (): Promise<void> => {
        await proxy[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      };
      return { folder, proxy, direct, layered, [Symbol.asyncDispose]: end };
    }

    /** Whatever asks for a record fails. */
    const failRecords = (proxy: FaultProxy): void =>
      proxy.setPlan((request) =>
        /^GET [^ ]*[0-9a-f]{64}\.json[? ]/.test(request) ? { answer: unavailable } : undefined,
      );

    test("loses no payload to an orphan hunt that cannot read the records", async () => {
      await using world = await rig();
      for (const kind of payloadKinds) await kind.ask(world.direct, 1, "generate");
      const sound = await digestsIn(world.direct);
      failRecords(world.proxy);
      for (const mode of ["local:rw,remote:rw", "local:r,remote:rw"] as const)
        for (const kind of payloadKinds.slice(1))
          await expect(collectOrphans(await world.layered(mode), kind.name, later())).rejects.toBeInstanceOf(
            StoreError,
          );
      expect(await digestsIn(world.direct)).toEqual(sound);
      world.proxy.setPlan(undefined);
      for (const kind of payloadKinds)
        expect(await collectOrphans(await world.layered(), kind.name, later())).toEqual({ files: [], sizeBytes: 0 });
      expect(await digestsIn(world.direct)).toEqual(sound);
    });

    test("is told of as silent, and heals local damage every time", async () => {
      await using world = await rig();
      for (const kind of payloadKinds) {
        await kind.ask(await world.layered(), 1, "loadOrGenerate");
        const sound = await digestsIn(world.direct);
        for (const isPicked of [isPayloadPath, isRecordPath, isPayloadPath]) {
          await damageIn(fileStore(world.folder.join("local")), "flip", (path) => isPicked(path));
          for (const asked of ["load", "loadOrGenerate"] as const)
            expect(await kind.ask(await world.layered(), 2, asked), `${kind.name}, ${asked}`).toBe(1);
        }
        failRecords(world.proxy);
        const silent = kind.at(await world.layered(undefined, "another"));
        await expect(silent.isPersisted()).rejects.toBeInstanceOf(StoreError);
        world.proxy.setPlan(undefined);
        expect(await digestsIn(world.direct)).toEqual(sound);
      }
    });

    test("settles with push what happened while it was away", async () => {
      await using world = await rig();
      const [, made, replaced, removed] = payloadKinds;
      if (made === undefined || replaced === undefined || removed === undefined) return expect.unreachable();
      for (const kind of [replaced, removed]) await kind.ask(await world.layered(), 1, "loadOrGenerate");
      world.proxy.setPlan(() => ({ answer: unavailable }));
      await made.ask(await world.layered(), 1, "loadOrGenerate");
      await replaced.ask(await world.layered(), 2, "generate");
      expect(await removed.at(await world.layered()).remove()).toBe(true);
      world.proxy.setPlan(undefined);
      expect(await removed.at(await world.layered()).isPersisted()).toBe(false);
      const pushed = await (await world.layered()).push();
      expect(pushed).toMatchObject({ sent: 1, different: 1, removed: 1, failed: 0 });
      expect(await made.ask(world.direct, 3, "load")).toBe(1);
      expect(await replaced.ask(world.direct, 3, "load")).toBe(1);
      expect(await removed.at(world.direct).isPersisted()).toBe(false);
      expect(await (await world.layered()).push({ different: "send" })).toMatchObject({ sent: 1, different: 0 });
      expect(await replaced.ask(world.direct, 3, "load")).toBe(2);
    });
  });
