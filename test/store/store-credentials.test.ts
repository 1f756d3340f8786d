import { readdirSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { S3Client } from "@aws-sdk/client-s3";
import { Storage } from "@google-cloud/storage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { azureStore } from "../../src/entry/stores/azure.ts";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { StoreAccessError, StoreError, UnknownStoreError } from "../../src/errors/store-errors.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { openStore } from "../../src/store/open/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { storePath } from "../../src/store/store-path.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Long enough for a key, and nowhere else. */
const CANARY = "CANARYq9X2vB7nM4kL8pR3tY6wZ1sD5fG0hJc7aE2iU9oP4xV8bN6mQ3rT1yW5zS0dF";
const BASE64 = Buffer.from(CANARY).toString("base64");
const PATH = storePath("points", "a.json");
const patience = { attempts: 2, delayMs: 1, stallMs: 60_000 };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(AZURE|AWS|GOOGLE)_/.test(name)) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** All texts in which a user might see a value. */
function seen(value: unknown): string {
  const texts = [inspect(value, { depth: 30, showHidden: true, getters: true, maxStringLength: null }), String(value)];
  texts.push(JSON.stringify(value) ?? "");
  for (let error = value; error instanceof Error; error = error.cause)
    texts.push(error.message, String(error.stack), JSON.stringify({ ...error }), inspect(error, { depth: 30 }));
  return texts.join("\n");
}

function expectNoCanary(value: unknown): void {
  const text = seen(value);
  // A piece of it would be enough.
  for (const secret of [CANARY, BASE64, encodeURIComponent(BASE64)]) expect(text).not.toContain(secret.slice(0, 10));
}

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return expect.unreachable("it did not fail");
}

const connection = `DefaultEndpointsProtocol=https;AccountName=labdata;AccountKey=${BASE64};EndpointSuffix=core.windows.net`;

const places = [
  connection,
  `AccountName=labdata;AccountKey=${BASE64}`,
  `BlobEndpoint=https://labdata.blob.core.windows.net/;SharedAccessSignature=sv=2022-11-02&sig=${CANARY}`,
  `./${connection}`,
  `data/AccountKey=${BASE64}`,
  `?sv=2022-11-02&sp=rl&sig=${CANARY}`,
  `sv=2022-11-02&sp=rl&sig=${CANARY}`,
  `sig=${CANARY}`,
  `data?token=${CANARY}`,
  `data?access_token=${CANARY}`,
  `access_token=${CANARY}`,
  `https://labdata.blob.core.windows.net/c?sv=2022-11-02&sig=${CANARY}`,
  `https://labdata.blob.core.windows.net/c%3Fsig%3D${CANARY}`,
  `https://user:${CANARY}@example.com/data`,
  `https://${CANARY}@example.com/data`,
  `https://example.com/${CANARY}`,
  `ftp://user:${CANARY}@example.com/data`,
  `postgres://user:${CANARY}@example.com/data`,
  `user:${CANARY}@files.example.com/data`,
  `user:${CANARY}@files.example.com:/data`,
  `//user:${CANARY}@files.example.com/data`,
  `file://user:${CANARY}@host/data`,
  `file:///data?sig=${CANARY}`,
  `memory:data?token=${CANARY}`,
  `s3://key:${CANARY}@results/team`,
  `s3://key:a/${CANARY}@results/team`,
  `s3://results/team?X-Amz-Signature=${CANARY}`,
  `s3://results/team?X-Amz-Security-Token=${CANARY}`,
  `s3://results?endpoint=${encodeURIComponent(`http://key:${CANARY}@127.0.0.1:9000`)}`,
  `s3://results?endpoint=${encodeURIComponent(`http://127.0.0.1:9000/?token=${CANARY}`)}`,
  `s3://results?endpoint=${encodeURIComponent(encodeURIComponent(`http://127.0.0.1:9000/?token=${CANARY}`))}`,
  `az://c/p?endpoint=http://h/a;SharedAccessSignature=${CANARY}`,
  `az://c/p?endpoint=http://h/a%3BSharedAccessSignature%3D${CANARY}`,
  `az://c/p?sig=${CANARY}`,
  `az://c/p#sig=${CANARY}`,
  `az://c/p?account=labdata&sig=${CANARY}`,
  `az://c/p?account=AccountKey=${CANARY}`,
  `AZ://c/p?SIG=${CANARY}`,
  `gs://b/p?access_token=${CANARY}`,
  `gs://b/p?X-Goog-Signature=${CANARY}`,
  `gs://b/p?key=${CANARY}`,
  `gs://b/p;password=${CANARY}`,
  `sftp://user:${CANARY}@files.example.com/data`,
  `sftp://files.example.com/data?password=${CANARY}`,
  `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\\n${CANARY}"}`,
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${CANARY}\n-----END OPENSSH PRIVATE KEY-----`,
  `aws_secret_access_key = ${CANARY}`,
  `AWS_SECRET_ACCESS_KEY=${CANARY}`,
];

describe("a place with credentials in it", () => {
  it.each(places.map((place) => [place.replaceAll(CANARY, "…").replaceAll(BASE64, "…"), place]))(
    "is refused at once and not repeated: %s",
    async (_, place) => {
      const before = readdirSync(".");
      const error = await failureOf(() => openStore(place));
      expect(error).toBeInstanceOf(UnknownStoreError);
      expectNoCanary(error);
      const points = definePersistable({ name: "points", generate: () => ({ x: 1 }) });
      const later = await failureOf(() => points({}, { dataDir: place, logger: silent }).payload);
      expect(later).toBeInstanceOf(UnknownStoreError);
      expectNoCanary(later);
      if (URL.canParse(place)) expectNoCanary(await failureOf(() => openStore(new URL(place))));
      expect(readdirSync(".")).toEqual(before);
    },
  );

  it.each([
    "data/year=2024/month=01",
    "results/token=5/key=3",
    "results/sig=0.05",
    "a b%20c",
    "50% of it",
    "run:7",
    "me@host",
    "C:\\data@home",
    "s3://results/a@b:c",
    "s3://results/key-values/secret-santa",
    "az://results/p?account=labdata&endpoint=http%3A%2F%2F127.0.0.1%3A10000%2Flabdata",
    "gs://results/tokens/passwords?project=lab",
    "sftp://lab@[::1]:22/~/data",
    "memory:a@b",
  ])("is not everything with a sign in it: %s", (place) => {
    expect(() => openStore(place)).not.toThrow();
  });

  it.each([
    `s3://results/team?regoin=${CANARY}`,
    `s3://results/team?${CANARY}`,
    `az://results/team#${CANARY}`,
    `gs://results/team?project=lab&x=${CANARY}#y`,
    `sftp://lab@files.example.com/data?${CANARY}`,
  ])("is not shown, where nobody would have read it: %s", async (place) => {
    const store = openStore(place);
    expectNoCanary(store);
    expectNoCanary(store.url);
    const error = await failureOf(() => store.read(PATH));
    expect(error).toBeInstanceOf(UnknownStoreError);
    expectNoCanary(error);
    expectNoCanary(store);
    expect(openStore(place.split(/[?#]/)[0] ?? "")).not.toBe(store);
  });

  it.each([
    `https://labdata.blob.core.windows.net/?sv=2022-11-02&sig=${CANARY}`,
    `https://user:${CANARY}@127.0.0.1:1`,
    `https://${CANARY}@127.0.0.1:1`,
    `http://127.0.0.1:1/?token=${CANARY}`,
    `http://127.0.0.1:1/#${CANARY}`,
    `http://127.0.0.1:1/a;SharedAccessSignature=${CANARY}`,
    connection,
  ])("is refused as the endpoint of a store: %s", async (endpoint) => {
    vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", `sig=${BASE64}`);
    for (const open of [
      () => s3Store({ bucket: "results", endpoint }),
      () => azureStore({ container: "results", endpoint }),
      () => gcsStore({ bucket: "results", endpoint }),
    ]) {
      const error = await failureOf(open);
      expect(error).toBeInstanceOf(UnknownStoreError);
      expectNoCanary(error);
    }
  });

  it("is refused as the name or the prefix of a store", async () => {
    for (const open of [
      () => s3Store({ bucket: "results", prefix: `a?sig=${CANARY}` }),
      () => s3Store({ bucket: `AccountKey=${CANARY}` }),
      () => azureStore({ container: "results", account: connection }),
      () => gcsStore({ bucket: "results", projectId: `token?key=${CANARY}` }),
    ]) {
      const error = await failureOf(open);
      expect(error).toBeInstanceOf(UnknownStoreError);
      expectNoCanary(error);
    }
  });
});

describe("the credentials of a store that fails", () => {
  const answers: Readonly<Record<string, string>> = {
    "403": refusal("403 Forbidden", "AuthenticationFailed"),
    "401": refusal("401 Unauthorized", "InvalidAuthenticationInfo"),
    "500": refusal("500 Internal Server Error", "InternalError"),
    "429": refusal("429 Too Many Requests", "TooManyRequests"),
    "400": refusal("400 Bad Request", "InvalidHeaderValue"),
    "what it was sent": "",
  };
  let proxy: FaultProxy;
  beforeAll(async () => {
    // Every answer is the proxy's own: there is no server behind it.
    proxy = await startFaultProxy(9);
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  function refusal(status: string, code: string): string {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
    return `HTTP/1.1 ${status}\r\ncontent-type: application/xml\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
  }

  /** A client that has a token, as after a sign-in. */
  const googleAuth = () => {
    const user = { type: "authorized_user", client_id: "lab", client_secret: CANARY, refresh_token: CANARY };
    const client = new Storage().authClient.fromJSON(user);
    client.setCredentials({ access_token: `ya29.${CANARY}`, expiry_date: Date.now() + 3_600_000 });
    return client;
  };

  const stores: Readonly<Record<string, (endpoint: string) => Promise<Store>>> = {
    "S3 with a session token": (endpoint) => {
      const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: CANARY, sessionToken: CANARY };
      const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
      return s3Store({ bucket: "results", client, patience });
    },
    "S3 by its variables": (endpoint) => {
      vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE");
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", CANARY);
      vi.stubEnv("AWS_SESSION_TOKEN", CANARY);
      return s3Store({ bucket: "results", endpoint, patience });
    },
    "Azure with a SAS token": (endpoint) => {
      vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", `?sv=2022-11-02&ss=b&srt=sco&sp=rl&sig=${encodeURIComponent(BASE64)}`);
      return azureStore({ container: "results", endpoint: `${endpoint}/labdata`, patience });
    },
    "Azure with a key": (endpoint) => {
      vi.stubEnv("AZURE_STORAGE_KEY", BASE64);
      return azureStore({ container: "results", account: "labdata", endpoint: `${endpoint}/labdata`, patience });
    },
    "Azure with a connection string": (endpoint) => {
      const blob = `DefaultEndpointsProtocol=http;BlobEndpoint=${endpoint}/labdata`;
      vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", `${blob};AccountName=labdata;AccountKey=${BASE64}`);
      return azureStore({ container: "results", patience });
    },
    "Azure with a signature in a connection string": (endpoint) => {
      const blob = `BlobEndpoint=${endpoint}/labdata`;
      vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", `${blob};SharedAccessSignature=sv=2022-11-02&sig=${CANARY}`);
      return azureStore({ container: "results", patience });
    },
    "Google with a bearer token": (endpoint) => {
      const storage = new Storage({
        apiEndpoint: endpoint,
        useAuthWithCustomEndpoint: true,
        authClient: googleAuth(),
        projectId: "lab",
      });
      return gcsStore({ bucket: "results", client: storage.bucket("results"), patience });
    },
  };

  it.each(Object.keys(stores).flatMap((name) => Object.keys(answers).map((answer) => [name, answer] as const)))(
    "are in nothing that it says: %s, %s",
    async (name, answer) => {
      const requests: string[] = [];
      proxy.setPlan((request) => {
        requests.push(request);
        const echo = `<Error><Code>Odd</Code><Message>${request} Authorization: Bearer ya29.${CANARY}</Message></Error>`;
        const text = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/xml\r\ncontent-length: ${echo.length}\r\nconnection: close\r\n\r\n${echo}`;
        return { answer: answers[answer] === "" ? text : (answers[answer] ?? "") };
      });
      const warnings: unknown[] = [];
      const warn = (warning: Error): void => void (warning.name === "RemoteStoreWarning" && warnings.push(warning));
      process.on("warning", warn);
      const store = await stores[name]?.(proxy.url);
      if (store === undefined) return expect.unreachable();
      const list = async (): Promise<void> => {
        for await (const entry of store.list("")) expect.unreachable(entry.path);
      };
      for (const call of [
        () => store.read(PATH),
        () => store.stat(PATH),
        () => store.replace(PATH, [Buffer.from("x")]),
        () => store.createIfAbsent(PATH, [Buffer.from("x")]),
        () => store.remove(PATH),
        list,
      ]) {
        const error = await failureOf(call);
        expect(error).toBeInstanceOf(StoreError);
        expectNoCanary(error);
      }
      const layered = layeredStore({ local: memoryStore(), remote: store });
      const events: unknown[] = [];
      const points = definePersistable({ name: "points", generate: () => ({ x: 1 }) });
      await points({}, { dataDir: layered, logger: silent, onEvent: (event) => void events.push(event) }).payload;
      await new Promise((resolve) => setImmediate(resolve));
      process.off("warning", warn);
      expect(warnings.length).toBeGreaterThan(0);
      for (const value of [store, store.url, layered, layered.failures(), warnings, events]) expectNoCanary(value);
      expect(requests.length).toBeGreaterThan(6);
    },
  );

  it.each(Object.keys(stores))("are in nothing that it says where nobody answers: %s", async (name) => {
    const store = await stores[name]?.("http://127.0.0.1:1");
    const error = await failureOf(() => store?.read(PATH));
    expect(error).toMatchObject({ code: "PERSISTABLE_STORE_IO", systemCode: "ECONNREFUSED" });
    expectNoCanary(error);
  });

  it.each([
    ["a key", CANARY],
    ["a key in quotes", `"${CANARY}"`],
    ["half of a JSON text", `{"type":"service_account","private_key":"${CANARY}`],
    ["a private key", `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`],
    ["JSON of something else", JSON.stringify({ token: CANARY })],
    ["an account with a broken key", JSON.stringify(account(`-----BEGIN PRIVATE KEY-----\n${CANARY}`))],
    ["nothing", ""],
  ])("are in nothing that is said of a file for Google that holds %s", async (_, text) => {
    await using folder = await temporaryFolder();
    const file = folder.join("key.json");
    writeFileSync(file, text);
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
    const storage = new Storage({
      apiEndpoint: "http://127.0.0.1:1",
      useAuthWithCustomEndpoint: true,
      projectId: "lab",
    });
    const store = await gcsStore({ bucket: "results", client: storage.bucket("results"), patience });
    const error = await failureOf(() => store.read(PATH));
    expect(error).toBeInstanceOf(StoreAccessError);
    expect(String(error)).toContain("GOOGLE_APPLICATION_CREDENTIALS");
    expectNoCanary(error);
  });

  function account(key: string): object {
    return { type: "service_account", client_email: "a@b.example", private_key: key, project_id: "lab" };
  }

  it.each([
    ["", "empty"],
    [CANARY, "a key"],
    [`AccountKey=${BASE64}`, "half of one"],
    [`DefaultEndpointsProtocol=https;AccountName=labdata;AccountKey=${BASE64};EndpointSuffix=`, "without a suffix"],
    [`BlobEndpoint=not an address;AccountName=a;AccountKey=${BASE64}`, "with a bad endpoint"],
    [`BlobEndpoint=http://${CANARY} x/;SharedAccessSignature=sig=${CANARY}`, "with a secret in its endpoint"],
    [`https://labdata.blob.core.windows.net/?sig=${CANARY}`, "an address"],
    [JSON.stringify({ key: CANARY }), "JSON"],
  ])("are in nothing that is said of a connection string that is none: %#", async (value) => {
    vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", value);
    const error = await failureOf(async () => {
      const store = await azureStore({ container: "results", patience });
      await store.read(PATH);
    });
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toContain("AZURE_STORAGE_CONNECTION_STRING");
    expectNoCanary(error);
  });
});
