import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { gcsStore, openGcs } from "../../src/entry/stores/gcs.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { proveStore } from "../support/prove-store.ts";
import { buildChild } from "../support/run-child.ts";
import { startGcsDouble } from "../support/servers/gcs-double.ts";

const double = await startGcsDouble();
const module = pathToFileURL(await buildChild("test/store/gcs-store-module.ts"));
afterAll(() => double.close());

const PATH = storePath("points", "a.json");

function createPlace(): string {
  return `gs://${double.createBucket()}/team/data?endpoint=${encodeURIComponent(double.url)}`;
}

async function openPrepared(place: string): Promise<Store> {
  const store = await openGcs(place);
  await store.prepare?.();
  return store;
}

proveStore({
  name: "a bucket of a test double of Cloud Storage, by the official client",
  capabilities: { exclusiveCreate: true, durable: true, shared: true },
  module,
  async open() {
    const place = createPlace();
    const reopen = (): Promise<Store> => openPrepared(place);
    return { store: await reopen(), place, reopen, close: async () => {} };
  },
});

describe("a bucket of Cloud Storage", () => {
  it("takes back a big upload whose source fails, and takes the next one", async () => {
    const store = await openPrepared(createPlace());
    const part = new Uint8Array(6 * 1024 * 1024).fill(1);
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 5; index++) yield part;
      throw new Error("the source broke");
    }
    await expect(store.writeFresh(PATH, failing())).rejects.toThrow("the source broke");
    expect(double.openUploads).toBe(0);
    expect(await store.stat(PATH)).toBeUndefined();
    await store.writeFresh(PATH, [part, part, part]);
    expect((await store.read(PATH))?.length).toBe(3 * part.length);
    expect(await store.createIfAbsent(PATH, [part, part, part])).toBe("exists");
  });

  it("says what is wrong with a bucket that is not there, and with its URL", async () => {
    const store = await gcsStore({ bucket: "there-is-none", endpoint: double.url });
    await expect(store.writeFresh(PATH, [Buffer.from("x")])).rejects.toThrow(/there is no bucket there-is-none/);
    await expect(store.read(PATH)).rejects.toThrow(/there is no bucket there-is-none/);
    await expect(openGcs("gs://name:key@bucket")).rejects.toThrow(/credentials/);
    await expect(openGcs("gs:///prefix")).rejects.toThrow(/not a place to keep artifacts/);
  });

  it("says so when nobody listens", async () => {
    const patience = { attempts: 2, delayMs: 1 };
    const store = await gcsStore({ bucket: "results", endpoint: "http://127.0.0.1:1", patience });
    await expect(store.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO", systemCode: "ECONNREFUSED" });
  });
});
