import { pathToFileURL } from "node:url";
import { openS3 } from "../../src/entry/stores/s3.ts";
import type { Store } from "../../src/store/store.ts";
import type { StoreSubject } from "../../src/testing/store-case.ts";
import { buildChild } from "./run-child.ts";
import { createBucket } from "./servers/s3-servers.ts";
import type { TestServer } from "./servers/server.ts";

const module = pathToFileURL(await buildChild("test/store/s3-store-module.ts"));

/** The URL of a folder in a bucket of this server. */
export function placeIn(server: Pick<TestServer, "url">, bucket: string): string {
  return `s3://${bucket}/team/data?endpoint=${encodeURIComponent(server.url)}`;
}

/** A store that has asked its service what it can do. */
export async function openPrepared(place: string): Promise<Store> {
  const store = await openS3(place);
  await store.prepare?.();
  return store;
}

/** A folder in a new bucket of this server for each case. */
export function bucketSubject(name: string, server: TestServer, exclusiveCreate: boolean): StoreSubject {
  return {
    name: `a bucket of ${name}`,
    capabilities: { exclusiveCreate, durable: true, shared: true },
    clockStepMs: 1000,
    module,
    async open() {
      const place = placeIn(server, await createBucket(server.url));
      const reopen = (): Promise<Store> => openPrepared(place);
      return { store: await reopen(), place, reopen, close: async () => {} };
    },
  };
}
