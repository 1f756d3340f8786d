import { afterAll, describe, expect, it } from "vitest";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { StoreIoError } from "../../src/errors/store-errors.ts";
import type { BucketPatience } from "../../src/store/bucket/requests.ts";
import { retryAfterOf } from "../../src/store/bucket/retry-after.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { ACCOUNT, createContainer, startAzurite } from "../support/servers/azurite.ts";
import { startGcsDouble } from "../support/servers/gcs-double.ts";
import { createBucket, startMoto } from "../support/servers/s3-servers.ts";

Object.assign(process.env, ACCOUNT, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
const PATH = storePath("points", "a.json");

interface Service {
  readonly name: string;
  readonly port: number;
  open(endpoint: string, patience?: Partial<BucketPatience>): Promise<Store>;
  close(): Promise<void>;
}

async function startServices(): Promise<Service[]> {
  const [moto, azurite, double] = await Promise.all([startMoto(), startAzurite(), startGcsDouble()]);
  const found: Service[] = [];
  const bucket = double.createBucket();
  const open = (endpoint: string, patience?: Partial<BucketPatience>) => gcsStore({ bucket, endpoint, patience });
  found.push({ name: "Google", port: double.port, open, close: () => double.close() });
  if (moto !== undefined) {
    const name = await createBucket(moto.url);
    found.push({
      name: "S3",
      port: moto.port,
      open: (endpoint, patience) => s3Store({ bucket: name, endpoint, patience }),
      close: () => moto.close(),
    });
  }
  if (azurite !== undefined) {
    const folder = `/${ACCOUNT.AZURE_STORAGE_ACCOUNT}`;
    const container = await createContainer(`${azurite.url}${folder}`);
    found.push({
      name: "Azure",
      port: azurite.port,
      open: (endpoint, patience) => azureStore({ container, endpoint: `${endpoint}${folder}`, patience }),
      close: () => azurite.close(),
    });
  }
  return found;
}

const services = await startServices();
afterAll(async () => {
  for (const service of services) await service.close();
});

const codes: Readonly<Record<string, string>> = { S3: "SlowDown", Azure: "ServerBusy", Google: "rateLimitExceeded" };

/** The answer of a service that has too many requests. */
function busy(name: string, status: string, headers: Readonly<Record<string, string>> = {}): string {
  const code = codes[name] ?? "";
  const error = { code: Number(status.slice(0, 3)), message: "too busy", errors: [{ reason: code }] };
  const isJson = name === "Google";
  const body = isJson ? JSON.stringify({ error }) : `<Error><Code>${code}</Code><Message>busy</Message></Error>`;
  const all = { "content-type": isJson ? "application/json" : "application/xml", ...headers };
  const lines = Object.entries({ ...all, "content-length": body.length }).map(([key, value]) => `${key}: ${value}`);
  return `HTTP/1.1 ${status}\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

describe.each(services)("a service that has too many requests: $name", ({ name, port, open }) => {
  const inASecond = (): Readonly<Record<string, string>> => {
    const nowMs = Date.now();
    const date = new Date(nowMs).toUTCString();
    return { date, "retry-after": new Date(nowMs + 1000).toUTCString() };
  };

  // More often than there are attempts: it is the service that asks for more.
  it.concurrent.each([
    ["503 Service Unavailable", "in seconds", () => ({ "retry-after": "1" })],
    ["429 Too Many Requests", "as a date", inASecond],
  ] as const)("is asked again when it said, as often as it says so: %s %s", async (status, _, headers) => {
    await using proxy = await startFaultProxy(port);
    const direct = await open(`http://127.0.0.1:${port}`);
    const path = storePath("points", `${status.slice(0, 3)}.json`);
    await direct.replace(path, [Buffer.from("hello")]);
    const store = await open(proxy.url, { delayMs: 1 });
    proxy.setPlan((_request, earlier) => (earlier < 7 ? { answer: busy(name, status, headers()) } : undefined));
    expect(Buffer.from((await store.read(path)) ?? []).toString()).toBe("hello");
    expect(proxy.counts.exchanges).toBe(8);
  });

  it.each(["429 Too Many Requests", "503 Service Unavailable"])(
    "is not asked more often than attempts allow, and what to do is said: %s",
    async (status) => {
      await using proxy = await startFaultProxy(port);
      const store = await open(proxy.url, { attempts: 3, delayMs: 1 });
      proxy.setPlan(() => ({ answer: busy(name, status) }));
      const error = await store.read(PATH).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreIoError);
      expect(String(error)).toMatch(/the service has too many requests \(3 attempts\)\. Wait a while/);
      expect(String(error)).not.toMatch(/disk|connection/);
      expect(proxy.counts.exchanges).toBe(3);
    },
  );

  it.each([undefined, 5])("is not waited for when it asks for hours (attempts: %s)", async (attempts) => {
    await using proxy = await startFaultProxy(port);
    const store = await open(proxy.url, { ...(attempts === undefined ? {} : { attempts }), delayMs: 1 });
    proxy.setPlan(() => ({ answer: busy(name, "429 Too Many Requests", { "retry-after": "7200" }) }));
    await expect(store.read(PATH)).rejects.toThrow(/asks to wait 7200 s\. Wait a while/);
    expect(proxy.counts.exchanges).toBe(1);
  });

  const broken = ["404 Not Found", "403 Forbidden", "401 Unauthorized", "503 Service Unavailable", "412 Failed"];
  it.each(broken.flatMap((status) => (["cut", "reset"] as const).map((fault) => [status, fault] as const)))(
    "is asked again when the text of a refusal breaks off: %s, %s",
    async (status, fault) => {
      await using proxy = await startFaultProxy(port);
      const path = storePath("points", "there.json");
      const direct = await open(`http://127.0.0.1:${port}`);
      await direct.replace(path, [Buffer.from("hello")]);
      const store = await open(proxy.url, { attempts: 4, delayMs: 1 });
      const fate = { answer: busy(name, status), fault, afterBodyBytes: 12 };
      proxy.setPlan((_request, earlier) => (earlier < 3 ? fate : undefined));
      expect(Buffer.from((await store.read(path)) ?? []).toString()).toBe("hello");
      expect(proxy.counts).toMatchObject({ exchanges: 4, [fault]: 3 });
      proxy.setPlan(() => fate);
      await expect(store.read(path)).rejects.toThrow(/\(4 attempts\)/);
    },
  );

  it("leaves the wait when the caller gives up", async () => {
    await using proxy = await startFaultProxy(port);
    const store = await open(proxy.url);
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    proxy.setPlan(() => {
      setTimeout(() => controller.abort(reason), 10);
      return { answer: busy(name, "503 Service Unavailable", { "retry-after": "120" }) };
    });
    await expect(store.read(PATH, controller)).rejects.toBe(reason);
  });

  it("that was there before is asked for longer than one that never was", async () => {
    await using proxy = await startFaultProxy(port);
    const store = await open(proxy.url, { delayMs: 1 });
    expect(await store.stat(storePath("points", "none.json"))).toBeUndefined();
    proxy.setPlan((_request, earlier) => (earlier < 9 ? { fault: "reset" } : undefined));
    expect(await store.stat(storePath("points", "none.json"))).toBeUndefined();
    const never = await open("http://127.0.0.1:1", { delayMs: 1 });
    await expect(never.read(PATH)).rejects.toThrow(/\(6 attempts\)\. Check the connection/);
  });
});

describe("Retry-After", () => {
  const nowMs = Date.now();
  const of = (headers: Readonly<Record<string, string>>): number | undefined =>
    retryAfterOf((name) => headers[name]).retryAfterMs;

  it.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": " 120 " }, 120_000],
    [{ "retry-after": "0" }, undefined],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
    [{ "x-ms-retry-after-ms": "1500", "retry-after": "9" }, 1500],
    [{ "retry-after-ms": "20" }, 20],
    // By the clock of the service, which is an hour ahead.
    [
      {
        date: new Date(nowMs + 3_600_000).toUTCString(),
        "retry-after": new Date(nowMs + 3_607_000).toUTCString(),
      },
      7000,
    ],
    [{ date: new Date(nowMs).toUTCString(), "retry-after": new Date(nowMs - 5000).toUTCString() }, undefined],
  ])("is understood: %o", (headers, expected) => {
    expect(of(headers)).toBe(expected);
  });

  it("is understood as a date by the own clock where the service does not say the time", () => {
    expect(of({ "retry-after": new Date(Date.now() + 60_000).toUTCString() })).toBeGreaterThan(0);
  });
});
