import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { s3Store } from "../../src/entry/stores/s3.ts";
import type { BucketPatience } from "../../src/store/bucket/requests.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type Mishap, ScriptedS3, type SeenRequest } from "../support/servers/scripted-s3.ts";

// Some wait for stalls, and a busy machine takes its time for the rest.
vi.setConfig({ testTimeout: 60_000 });
process.env.AWS_ACCESS_KEY_ID = "S3RVER";
process.env.AWS_SECRET_ACCESS_KEY = "S3RVER";
const MIB = 1024 * 1024;
const PATH = storePath("points", "a.json");
const KEY = `team/${PATH}`;
const patience: BucketPatience = { attempts: 4, delayMs: 1, stallMs: 1500 };
/**
 * The patience of tests in which nothing stalls on purpose: a busy machine must not count as a
 * stall.
 */
const UNHURRIED_MS = 30_000;
const lost: Mishap = { kind: "lost" };
const busy: Mishap = { kind: "refused", status: 503, code: "SlowDown" };

let server: ScriptedS3;
beforeEach(async () => {
  server = await ScriptedS3.start();
});
afterEach(() => server[Symbol.asyncDispose]());

function open(stallMs = patience.stallMs): Promise<Store> {
  return s3Store({ bucket: "results", prefix: "team", endpoint: server.url, patience: { ...patience, stallMs } });
}

async function openPrepared(): Promise<Store> {
  const store = await open();
  await store.prepare?.();
  server.seen.length = 0;
  return store;
}

/** The first one of a kind meets with a mishap, or the n-th. */
function once(asks: SeenRequest["asks"], mishap: Mishap, count = 1): (request: SeenRequest) => Mishap | undefined {
  return (request) => (request.asks === asks && request.count === count ? mishap : undefined);
}

function pattern(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) bytes[index] = index * 7 + (index >> 16);
  return bytes;
}

async function* streamed(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe("a write whose answer is lost", () => {
  it("is known again by the one who wrote it: one of two is told that it created the object", async () => {
    const store = await openPrepared();
    server.mishap = once("put", lost);
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(await store.createIfAbsent(PATH, [Buffer.from("two")])).toBe("exists");
    expect(server.objects.get(KEY)?.bytes.toString()).toBe("one");
    expect(server.asked("put").length).toBe(3);
  });

  it("is repeated where no answer comes at all, and known again", async () => {
    const store = await openPrepared();
    server.mishap = once("put", { kind: "silent" });
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(server.asked("put").length).toBe(2);
  });

  it("is not taken for its own where another one's object is there", async () => {
    const store = await openPrepared();
    server.mishap = (request) => {
      if (request.asks !== "put" || request.count > 1) return undefined;
      server.put(KEY, Buffer.from("other"), "other");
      return lost;
    };
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("exists");
  });

  it("is known again when the client has repeated it behind the store's back", async () => {
    const store = await openPrepared();
    // As a client with retries of its own: the store sees one answer only.
    server.mishap = (request) => {
      const [writer] = [...server.objects.values()].map((object) => object.writer);
      if (request.asks === "put" && request.count === 1 && writer === undefined) return lost;
      return undefined;
    };
    const { S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({ endpoint: server.url, region: "us-east-1", forcePathStyle: true, maxAttempts: 3 });
    const retrying = await s3Store({ bucket: "results", prefix: "team", client, patience });
    await retrying.prepare?.();
    server.seen.length = 0;
    expect(await retrying.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(server.asked("put").length).toBe(2);
    client.destroy();
    expect(store.capabilities.exclusiveCreate).toBe(true);
  });

  it("is known again when it was the completion of an upload in parts", async () => {
    const store = await openPrepared();
    const bytes = pattern(9 * MIB);
    server.mishap = once("complete", lost);
    expect(await store.createIfAbsent(PATH, [bytes])).toBe("created");
    expect(server.objects.get(KEY)?.bytes.equals(bytes)).toBe(true);
    expect(server.uploads.size).toBe(0);
  });

  it("finds the other one where the completion of an upload came at the same time as another's", async () => {
    const store = await openPrepared();
    server.mishap = (request) => {
      if (request.asks !== "complete" || request.count > 1) return undefined;
      // What Amazon says then, and the upload is gone.
      server.put(KEY, Buffer.from("other"), "other");
      server.uploads.clear();
      return { kind: "refused", status: 409, code: "ConditionalRequestConflict" };
    };
    expect(await store.createIfAbsent(PATH, [pattern(9 * MIB)])).toBe("exists");
    expect(server.objects.get(KEY)?.bytes.toString()).toBe("other");
  });
});

describe("an upload in parts", () => {
  it("asks its source for no more than a few parts ahead of the service", async () => {
    const store = await openPrepared();
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    let givenBytes = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield new Uint8Array(MIB);
        givenBytes += MIB;
      }
    }
    server.mishap = ({ asks }) => (asks === "part" ? { kind: "silent" } : undefined);
    const writing = store.writeFresh(PATH, endless(), controller);
    await expect.poll(() => server.asked("part").length).toBe(4);
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(givenBytes).toBeLessThanOrEqual(5 * 8 * MIB);
    expect(server.uploads.size).toBe(0);
  });

  it("does not wait long for an answer to a part, where others have come soon", async () => {
    const bytes = pattern(64 * MIB);
    const store = await open();
    server.mishap = (request) =>
      request.asks === "part" && (request.count === 1 || request.count === 6) ? { kind: "silent" } : undefined;
    await store.writeFresh(PATH, [bytes]);
    expect(server.asked("part").length).toBe(10);
    expect(server.objects.get(KEY)?.bytes.equals(bytes)).toBe(true);
  });

  it("sends a part again that failed, and no other one", async () => {
    const store = await openPrepared();
    const bytes = pattern(30 * MIB);
    server.mishap = (request) => (request.asks === "part" && request.count === 2 ? busy : undefined);
    await store.writeFresh(PATH, streamed(bytes.subarray(0, 20 * MIB), bytes.subarray(20 * MIB)));
    expect(server.objects.get(KEY)?.bytes.equals(bytes)).toBe(true);
    expect(server.asked("part").length).toBe(5);
    expect(server.asked("begin").length).toBe(1);
  });

  it("leaves nothing when a part fails for good, though the service is slow to forget it", async () => {
    const store = await openPrepared();
    server.mishap = (request) => {
      if (request.asks === "part" && request.count > 1) return { kind: "refused", status: 403, code: "AccessDenied" };
      return request.asks === "abort" && request.count === 1 ? busy : undefined;
    };
    await expect(store.writeFresh(PATH, [pattern(30 * MIB)])).rejects.toMatchObject({
      code: "PERSISTABLE_STORE_ACCESS",
      path: expect.stringContaining(`results/${KEY}`),
    });
    expect(server.uploads.size).toBe(0);
    expect(server.objects.has(KEY)).toBe(false);
  });

  it("leaves nothing when it is aborted while it begins", async () => {
    const store = await openPrepared();
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    server.mishap = (request) => {
      if (request.asks === "begin") controller.abort(reason);
      return undefined;
    };
    await expect(store.writeFresh(PATH, [pattern(9 * MIB)], controller)).rejects.toBe(reason);
    await expect.poll(() => server.uploads.size).toBe(0);
  });
});

describe("a read", () => {
  it.each(["cut", "stalled"] as const)("goes on where a body was %s", async (kind) => {
    const bytes = pattern(20 * MIB);
    server.put(KEY, bytes);
    const store = await open();
    server.mishap = (request) =>
      request.asks === "get" && request.count <= 3 ? { kind, afterBytes: 1000 } : undefined;
    expect(Buffer.from((await store.read(PATH)) ?? []).equals(bytes)).toBe(true);
    const starts = server.asked("get").map(({ range }) => Number(/\d+/.exec(range ?? "")?.[0]));
    expect(starts.filter((start) => start % MIB > 0).length).toBe(3);
  });

  it("never mixes two objects: it begins anew where the object was replaced meanwhile", async () => {
    const [old, young] = [pattern(20 * MIB), pattern(18 * MIB).fill(1)];
    server.put(KEY, old);
    const store = await open();
    server.mishap = (request) => {
      if (request.asks === "get" && request.count === 3) server.put(KEY, young);
      return undefined;
    };
    expect(Buffer.from((await store.read(PATH)) ?? []).equals(young)).toBe(true);
  });

  it("asks once for a small object, and keeps the connection", async () => {
    server.put(KEY, Buffer.from("small"));
    const store = await open();
    for (let repeat = 0; repeat < 3; repeat++) expect((await store.read(PATH))?.length).toBe(5);
    expect(server.seen.length).toBe(3);
    expect(server.connectionCount).toBe(1);
  });

  it("ends the transfer of an object that is too large", async () => {
    server.put(KEY, pattern(20 * MIB));
    const store = await open();
    for (let repeat = 0; repeat < 3; repeat++)
      await expect(store.read(PATH, { maxBytes: 1000 })).rejects.toMatchObject({
        code: "PERSISTABLE_OBJECT_TOO_LARGE",
        sizeBytes: 20 * MIB,
      });
    await expect.poll(() => server.connectionCount).toBe(0);
  });

  it("gives up a service that does not answer, and says so", async () => {
    const store = await open();
    server.mishap = () => ({ kind: "silent" });
    await expect(store.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO", systemCode: "ETIMEDOUT" });
    expect(server.seen.length).toBe(patience.attempts);
    await expect.poll(() => server.connectionCount).toBe(0);
  });

  it("says that a missing object may be behind a refusal", async () => {
    const store = await open();
    server.mishap = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
    await expect(store.read(PATH)).rejects.toMatchObject({
      code: "PERSISTABLE_STORE_ACCESS",
      message: expect.stringContaining("s3:ListBucket"),
    });
    expect(server.seen.length).toBe(1);
  });
});

it("takes one signal for many calls at once without a warning", async () => {
  const store = await open(UNHURRIED_MS);
  const warnings: Error[] = [];
  const warn = (warning: Error): void =>
    void (warning.name === "MaxListenersExceededWarning" && warnings.push(warning));
  process.on("warning", warn);
  const { signal } = new AbortController();
  const paths = Array.from({ length: 12 }, (_, index) => storePath("points", `${index}.json`));
  const bytes = pattern(9 * MIB);
  await Promise.all(
    paths.map((path, index) => store.createIfAbsent(path, [index < 3 ? bytes : bytes.subarray(0, 10)], { signal })),
  );
  await Promise.all(paths.flatMap((path) => [store.read(path, { signal }), store.stat(path, { signal })]));
  await Promise.all(paths.map((path) => store.remove(path, { signal })));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", warn);
  expect(warnings).toEqual([]);
  expect(server.objects.size).toBe(0);
});

describe("a service that refuses", () => {
  it.each([
    [301, "PermanentRedirect", "PERSISTABLE_STORE_IO", /the bucket results is in another region/],
    [400, "AuthorizationHeaderMalformed", "PERSISTABLE_STORE_IO", /the bucket results is in another region/],
    [403, "SignatureDoesNotMatch", "PERSISTABLE_STORE_ACCESS", /does not accept the credentials/],
    [404, "NoSuchBucket", "PERSISTABLE_STORE_IO", /there is no bucket results/],
    [507, "InsufficientStorage", "PERSISTABLE_STORE_FULL", /no space is left/],
  ])("is asked once, and understood: %s %s", async (status, name, code, message) => {
    const store = await open(UNHURRIED_MS);
    server.mishap = () => ({ kind: "refused", status, code: name });
    await expect(store.read(PATH)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(server.seen.length).toBe(1);
  });

  it("is asked again where it is only busy, and at last it is said so", async () => {
    const store = await open();
    server.put(KEY, Buffer.from("small"));
    server.mishap = ({ count }) => (count < patience.attempts ? busy : undefined);
    expect((await store.read(PATH))?.length).toBe(5);
    server.mishap = () => busy;
    await expect(store.read(PATH)).rejects.toMatchObject({ code: "PERSISTABLE_STORE_IO", systemCode: "SlowDown" });
  });

  it("goes by its own clock, though this machine's is an hour off", async () => {
    const store = await open();
    server.put(KEY, Buffer.from("small"));
    for (const clockAheadMs of [3_600_000, -3_600_000]) {
      server.clockAheadMs = clockAheadMs;
      expect((await store.read(PATH))?.length).toBe(5);
    }
    server.mishap = () => ({ kind: "refused", status: 403, code: "RequestTimeTooSkewed" });
    await expect(store.read(PATH)).rejects.toThrow(/the clock of this machine is wrong/);
  });

  it("never makes a bucket that is not there an empty one", async () => {
    const store = await open();
    expect(await store.stat(PATH)).toBeUndefined();
    server.hasBucket = false;
    const later = await open();
    await expect(later.stat(PATH)).rejects.toThrow(/there is no bucket results/);
    await expect(later.remove(PATH)).rejects.toThrow(/there is no bucket results/);
  });
});

describe("asking what a service can do", () => {
  it("ends for whoever gives up, and goes on for the others", async () => {
    const store = await open();
    let isStuck = true;
    server.mishap = ({ asks }) => (isStuck && asks === "put" ? { kind: "silent" } : undefined);
    const controller = new AbortController();
    const impatient = store.prepare?.(controller);
    const patient = store.prepare?.();
    const reason = new Error("changed my mind");
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    isStuck = false;
    await patient;
    expect(store.capabilities.exclusiveCreate).toBe(true);
    expect(server.objects.size).toBe(0);
  });

  it("finds out one that refuses and overwrites all the same", async () => {
    const store = await open();
    server.mishap = (request) => {
      if (request.asks === "put" && request.count === 2) server.put(request.key, Buffer.from("second"));
      return undefined;
    };
    await store.prepare?.();
    expect(store.capabilities.exclusiveCreate).toBe(false);
  });

  it("does not need the right to remove anything", async () => {
    const store = await open();
    server.mishap = ({ asks }) =>
      asks === "remove" ? { kind: "refused", status: 403, code: "AccessDenied" } : undefined;
    await store.prepare?.();
    expect(store.capabilities.exclusiveCreate).toBe(true);
  });

  it("is tried anew where it failed", async () => {
    const store = await open();
    server.mishap = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
    await expect(store.createIfAbsent(PATH, [])).rejects.toMatchObject({ code: "PERSISTABLE_STORE_ACCESS" });
    server.mishap = () => undefined;
    expect(await store.createIfAbsent(PATH, [])).toBe("created");
    expect(store.capabilities.exclusiveCreate).toBe(true);
  });
});
