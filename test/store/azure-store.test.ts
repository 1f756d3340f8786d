import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { definePersistable } from "../../src/entry/index.ts";
import { azureStore, openAzure } from "../../src/entry/stores/azure.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { proveStore } from "../support/prove-store.ts";
import { buildChild } from "../support/run-child.ts";
import { ACCOUNT, createContainer, startAzurite } from "../support/servers/azurite.ts";
import type { TestServer } from "../support/servers/server.ts";

// The client finds them where it finds those of its users.
Object.assign(process.env, ACCOUNT);
const azurite = await startAzurite();
const module = pathToFileURL(await buildChild("test/store/azure-store-module.ts"));
afterAll(() => azurite?.close());

const PATH = storePath("points", "a.json");

function endpointOf(server: TestServer): string {
  return `${server.url}/${ACCOUNT.AZURE_STORAGE_ACCOUNT}`;
}

async function createPlace(server: TestServer): Promise<string> {
  const container = await createContainer(endpointOf(server));
  return `az://${container}/team/data?endpoint=${encodeURIComponent(endpointOf(server))}`;
}

async function openPrepared(place: string): Promise<Store> {
  const store = await openAzure(place);
  await store.prepare?.();
  return store;
}

if (azurite !== undefined) {
  proveStore({
    name: "a container of Azurite",
    capabilities: { exclusiveCreate: true, durable: true, shared: true },
    clockStepMs: 1000,
    module,
    async open() {
      const place = await createPlace(azurite);
      const reopen = (): Promise<Store> => openPrepared(place);
      return { store: await reopen(), place, reopen, close: async () => {} };
    },
  });
}

describe.skipIf(azurite === undefined)("a container of Azure", () => {
  const server = azurite as TestServer;

  it("shows nothing of a big upload whose source fails, and takes the next one", async () => {
    const store = await openPrepared(await createPlace(server));
    const part = new Uint8Array(6 * 1024 * 1024).fill(1);
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 5; index++) yield part;
      throw new Error("the source broke");
    }
    await expect(store.writeFresh(PATH, failing())).rejects.toThrow("the source broke");
    expect(await store.stat(PATH)).toBeUndefined();
    await store.writeFresh(PATH, [part, part, part]);
    expect((await store.read(PATH))?.length).toBe(3 * part.length);
  });

  it("keeps payloads, and lets several generate one of them once", async () => {
    const place = await createPlace(server);
    let generated = 0;
    const answer = definePersistable({
      name: "answer",
      generate: async () => {
        generated++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { text: "x".repeat(10_000) };
      },
    });
    const dataDirs = await Promise.all([1, 2, 3].map(() => openPrepared(place)));
    const payloads = await Promise.all(dataDirs.map((dataDir) => answer({}, { dataDir }).loadOrGenerate()));
    expect(payloads[1]).toEqual(payloads[0]);
    expect(generated).toBe(1);
  });

  it("says what is wrong with a container that is not there, and with credentials", async () => {
    const endpoint = endpointOf(server);
    const store = await azureStore({ container: "there-is-none", endpoint });
    await expect(store.writeFresh(PATH, [Buffer.from("x")])).rejects.toThrow(/there is no container there-is-none/);
    const wrong = Buffer.from("another key").toString("base64");
    process.env.AZURE_STORAGE_KEY = wrong;
    try {
      const refused = await azureStore({ container: "results", endpoint });
      await expect(refused.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_STORE_ACCESS" });
      delete process.env.AZURE_STORAGE_KEY;
      await expect(azureStore({ container: "results", endpoint })).rejects.toThrow(/AZURE_STORAGE_CONNECTION_STRING/);
    } finally {
      process.env.AZURE_STORAGE_KEY = ACCOUNT.AZURE_STORAGE_KEY;
    }
    await expect(openAzure("az://name:key@container")).rejects.toThrow(/credentials/);
  });
});
