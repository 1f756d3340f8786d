import { createServer, request as forward, type IncomingMessage } from "node:http";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, it } from "vitest";
import { definePersistable, typedParams } from "../../src/entry/index.ts";
import { openS3 } from "../../src/entry/stores/s3.ts";
import { startExplorer } from "../../src/explorer/start-explorer.ts";
import { storePath } from "../../src/store/store-path.ts";
import { Visitor } from "../explorer/exchange.ts";
import { bucketSubject, openPrepared, placeIn } from "../support/prove-bucket.ts";
import { proveStore } from "../support/prove-store.ts";
import { CREDENTIALS, createBucket, startMoto, startS3rver } from "../support/servers/s3-servers.ts";
import type { TestServer } from "../support/servers/server.ts";

Object.assign(process.env, CREDENTIALS.s3rver);
const [moto, s3rver] = await Promise.all([startMoto(), startS3rver()]);
afterAll(() => Promise.all([moto, s3rver].map((server) => server?.close())));

const PATH = storePath("points", "a.json");

if (moto !== undefined) proveStore(bucketSubject("moto", moto, true));

describe.skipIf(s3rver === undefined)("a server that overwrites where it should refuse", () => {
  const server = s3rver as TestServer;

  it("is found out, and its promise is not passed on", async () => {
    const store = await openPrepared(placeIn(server, await createBucket(server.url)));
    expect(store.capabilities.exclusiveCreate).toBe(false);
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(await store.createIfAbsent(PATH, [Buffer.from("two")])).toBe("exists");
    expect(Buffer.from((await store.read(PATH)) ?? []).toString()).toBe("one");
  });

  it("still gives both of two writers the same payload", async () => {
    const place = placeIn(server, await createBucket(server.url));
    const answer = definePersistable({ name: "answer", generate: () => ({ text: "x".repeat(10_000) }) });
    const both = await Promise.all(
      [1, 2].map(async () => answer({}, { dataDir: await openPrepared(place) }).loadOrGenerate()),
    );
    expect(both[0]).toEqual(both[1]);
    expect(await answer({}, { dataDir: await openPrepared(place) }).load()).toEqual(both[0]);
  });
});

describe.skipIf(moto === undefined)("a bucket of S3", () => {
  const server = moto as TestServer;

  it("leaves no parts behind when a big upload is aborted, or its source fails", async () => {
    const bucket = await createBucket(server.url);
    const store = await openPrepared(placeIn(server, bucket));
    const part = new Uint8Array(6 * 1024 * 1024);
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 5; index++) yield part;
      throw new Error("the source broke");
    }
    await expect(store.writeFresh(PATH, failing())).rejects.toThrow("the source broke");
    const controller = new AbortController();
    async function* stuck(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 5; index++) yield part;
      controller.abort(new Error("changed my mind"));
      await new Promise(() => {});
    }
    await expect(store.writeFresh(PATH, stuck(), controller)).rejects.toThrow("changed my mind");
    const client = new S3Client({ endpoint: server.url, region: "us-east-1", forcePathStyle: true });
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
    expect(await store.stat(PATH)).toBeUndefined();
  });

  it("is shown by an explorer: artifacts, one with its payload, and what is new", async () => {
    const store = await openPrepared(placeIn(server, await createBucket(server.url)));
    const shown = definePersistable({
      name: "shown",
      params: typedParams<{ n: number }>(),
      generate: (x) => x.params.n,
    });
    for (const n of [1, 2]) await shown({ n }, { dataDir: store }).payload;
    const options = { dataDir: store, shownAs: "s3://bucket", startQuery: "", token: "0123456789abcdef" };
    const explorer = await startExplorer({ ...options, port: 0, pageFolder: "none" });
    const visitor = await Visitor.enter(explorer);
    const ask = async (path: string) => (await (await visitor.get(path)).json()) as Record<string, unknown>;
    const { address } = shown({ n: 2 }, { dataDir: store });
    expect(await ask("/api/artifacts?query=n%3E1")).toMatchObject({ total: 1, all: 2, rows: [{ address }] });
    expect(await ask(`/api/preview?address=${address}`)).toMatchObject({
      preview: { kind: "tree", root: { text: "2" } },
    });
    expect(await ask("/api/disk")).toMatchObject({ names: { total: 1 } });
    await shown({ n: 3 }, { dataDir: store }).payload;
    await expect.poll(() => ask("/api/artifacts?query=shown")).toMatchObject({ total: 3 });
    await explorer.close();
  });

  it("takes a stream of several parts, and gives it back", async () => {
    const store = await openPrepared(placeIn(server, await createBucket(server.url)));
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 30; index++) yield new Uint8Array(1_000_000).fill(index);
    }
    await store.writeFresh(PATH, pieces());
    const bytes = (await store.read(PATH)) ?? new Uint8Array();
    expect(bytes.length).toBe(30_000_000);
    expect([bytes[0], bytes[999_999], bytes[1_000_000], bytes[29_999_999]]).toEqual([0, 0, 1, 29]);
  });

  it("finds a small payload in one round trip", async () => {
    const bucket = await createBucket(server.url);
    await using counted = await countRequests(server);
    const answer = definePersistable({ name: "answer", generate: () => 42 });
    await answer({}, { dataDir: placeIn(counted, bucket) }).payload;
    counted.seen.length = 0;
    expect(await answer({}, { dataDir: await openS3(placeIn(counted, bucket)) }).payload).toBe(42);
    expect(counted.seen).toEqual([expect.stringMatching(/^GET .*\/answer\/[0-9a-f]{64}\.json/)]);
  });

  it("says what is wrong with a bucket that is not there, and with credentials", async () => {
    const store = await openS3(placeIn(server, "there-is-none"));
    await expect(store.writeFresh(PATH, [Buffer.from("x")])).rejects.toThrow(/there is no bucket there-is-none/);
    await expect(store.read(PATH)).rejects.toThrow(/there is no bucket there-is-none/);
    await expect(openS3("s3://key:secret@bucket/prefix")).rejects.toThrow(/credentials/);
    await expect(openS3("s3:///prefix")).rejects.toThrow(/not a place to keep artifacts/);
  });

  it("says so when nobody listens", async () => {
    const { s3Store } = await import("../../src/entry/stores/s3.ts");
    const patience = { attempts: 2, delayMs: 1 };
    const store = await s3Store({ bucket: "results", endpoint: "http://127.0.0.1:1", patience });
    await expect(store.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO", systemCode: "ECONNREFUSED" });
  });
});

/** A proxy that writes down what passes. */
async function countRequests(target: TestServer): Promise<AsyncDisposable & { readonly url: string; seen: string[] }> {
  const seen: string[] = [];
  const proxy = createServer((incoming: IncomingMessage, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const { method, url: path, headers } = incoming;
    const passed = forward({ host: "127.0.0.1", port: target.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as { port: number };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      proxy.close(() => resolve());
      proxy.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, seen, [Symbol.asyncDispose]: close };
}
