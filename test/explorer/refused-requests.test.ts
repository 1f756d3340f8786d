import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Explorer, startExplorer } from "../../src/explorer/start-explorer.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { sendRaw, Visitor } from "./exchange.ts";

let folder: TemporaryFolder;
let explorer: Explorer;
let visitor: Visitor;
let host: string;
const token = "a token of the tests, 32 characters";

beforeAll(async () => {
  folder = await temporaryFolder();
  mkdirSync(folder.join("page/assets"), { recursive: true });
  writeFileSync(folder.join("page/index.html"), "<!doctype html><title>page</title>");
  writeFileSync(folder.join("page/assets/app.js"), "export {};");
  writeFileSync(folder.join("page/assets/secret.key"), "not served");
  writeFileSync(folder.join("secret.txt"), "not served");
  explorer = await startExplorer({
    dataDir: memoryStore(),
    shownAs: "data",
    startQuery: "",
    token,
    port: 0,
    pageFolder: folder.join("page"),
  });
  visitor = await Visitor.enter(explorer);
  host = `Host: 127.0.0.1:${visitor.port}`;
});

afterAll(async () => {
  await explorer.close();
  await folder[Symbol.asyncDispose]();
});

test("a browser with the token gets a cookie and the same page without the token", async () => {
  const entered = await fetch(`${explorer.url}&query=a%20b`, { redirect: "manual" });
  expect(entered.status).toBe(303);
  expect(entered.headers.get("location")).toBe("/?query=a+b");
  const cookie = entered.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/^persistable-explorer-\d+=[\w-]+; HttpOnly; SameSite=Strict; Path=\/$/);
  expect(cookie).toContain(String(visitor.port));
  expect(cookie).not.toContain(encodeURIComponent(token));
  const page = await visitor.get("/?query=a+b");
  expect([page.status, await page.text()]).toEqual([200, "<!doctype html><title>page</title>"]);
});

test("every response has the headers that keep it here", async () => {
  for (const response of [
    await visitor.get("/"),
    await visitor.get("/api/store"),
    await visitor.get("/nothing"),
    await fetch(`http://127.0.0.1:${visitor.port}/`),
    await fetch(explorer.url, { redirect: "manual" }),
  ]) {
    const header = (name: string) => response.headers.get(name);
    const policy = header("content-security-policy") ?? "";
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining([
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
        ...["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"],
      ]),
    );
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(header("x-content-type-options")).toBe("nosniff");
    expect(header("referrer-policy")).toBe("no-referrer");
    expect(header("cross-origin-resource-policy")).toBe("same-origin");
    expect(header("cross-origin-opener-policy")).toBe("same-origin");
    expect(header("cache-control")).toBe("no-store");
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

describe("a request is refused", () => {
  test.each([
    ["without a host", []],
    ["for another host", ["Host: evil.example"]],
    ["for another host at our port", ["Host: evil.example:$PORT"]],
    ["for a host that begins like ours", ["Host: 127.0.0.1:$PORT.evil.example"]],
    ["for another port", ["Host: 127.0.0.1:1"]],
    ["without the port", ["Host: 127.0.0.1"]],
    ["for another way to write this machine", ["Host: 0.0.0.0:$PORT"]],
    ["for two hosts", ["Host: 127.0.0.1:$PORT", "Host: evil.example"]],
    ["from another origin", ["Host: 127.0.0.1:$PORT", "Origin: http://evil.example"]],
    ["from another port", ["Host: 127.0.0.1:$PORT", "Origin: http://127.0.0.1:1"]],
    ["from our origin by another scheme", ["Host: 127.0.0.1:$PORT", "Origin: https://127.0.0.1:$PORT"]],
    ["from a page without an origin", ["Host: 127.0.0.1:$PORT", "Origin: null"]],
    ["from another site", ["Host: 127.0.0.1:$PORT", "Sec-Fetch-Site: cross-site"]],
    ["from a script of another port", ["Host: 127.0.0.1:$PORT", "Sec-Fetch-Site: same-site"]],
    [
      "from a frame of another port",
      ["Host: 127.0.0.1:$PORT", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"],
    ],
  ])("%s", async (_, headers) => {
    const sent = headers.map((header) => header.replace("$PORT", String(visitor.port)));
    for (const path of ["/", "/api/store", `/?token=${encodeURIComponent(token)}`]) {
      const { status, headers: given, body } = await visitor.send(`GET ${path}`, ...sent);
      expect([path, status]).toEqual([path, 403]);
      expect(given.has("set-cookie")).toBe(false);
      expect(body).not.toContain("<title>");
    }
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])("by the method %s", async (method) => {
    const { status, headers } = await visitor.send(`${method} /api/store`, host, "Content-Length: 0");
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("with a body", async () => {
    expect((await visitor.send("GET /api/store", host, "Content-Length: 5")).status).toBe(405);
    expect((await visitor.send("GET /api/store", host, "Transfer-Encoding: chunked")).status).toBe(405);
  });

  test("without the token, with another one, or with the cookie of another server", async () => {
    const bare = (path: string, ...more: string[]) =>
      sendRaw(visitor.port, `GET ${path} HTTP/1.1\r\n${[host, "Connection: close", ...more].join("\r\n")}\r\n\r\n`);
    expect((await bare("/")).status).toBe(401);
    expect((await bare("/api/store")).body).toContain("EXPLORER_NO_TOKEN");
    expect((await bare("/assets/app.js")).status).toBe(401);
    expect((await bare("/?token=")).status).toBe(403);
    expect((await bare(`/?token=${encodeURIComponent(token)}x`)).status).toBe(403);
    expect((await bare(`/?token=${encodeURIComponent(token)}&token=x`)).status).toBe(403);
    const [name = ""] = visitor.cookie.split("=");
    expect((await bare("/", `Cookie: ${name}=`)).status).toBe(401);
    expect((await bare("/", `Cookie: ${name}=${encodeURIComponent(token)}`)).status).toBe(401);
    expect((await bare("/", `Cookie: persistable-explorer-1=${visitor.cookie.slice(name.length + 1)}`)).status).toBe(
      401,
    );
    expect((await bare("/", `Cookie: other=1; ${visitor.cookie}`)).status).toBe(200);
  });

  test.each(["//evil.example/", "http://evil.example/", "/\\evil.example/", "*", "api/store", "/api/stör"])(
    "for the address %s",
    async (path) => {
      expect([400, 403]).toContain((await visitor.send(`GET ${path}`, host)).status);
    },
  );

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/secret.key",
    "/assets",
    "/assets/",
    "/index.html/..",
    "/page/index.html",
    "/api/../secret.txt",
    "/a/../../secret.txt",
    "/__proto__",
    "/constructor",
  ])("for the file %s", async (path) => {
    const { status, body } = await visitor.send(`GET ${path}`, host);
    expect(status).toBe(404);
    expect(body).not.toContain("not served");
  });

  test.each([
    ["/api/artifact?address=../../../../etc/passwd", 400],
    ["/api/artifact?address=3f9a", 400],
    ["/api/artifact?address=3f9a1c2e", 404],
    ["/api/artifact?address=3F9A1C2E", 400],
    ["/api/artifact?address=3f9a1c2e&address=3f9a1c2e", 400],
    ["/api/artifact", 400],
    ["/api/name?name=..%2F..%2Fetc", 404],
    ["/api/run?id=..%2F..%2Fetc%2Fpasswd", 404],
    ["/api/run?id=.", 404],
    ["/api/events/run?id=..%2Fx", 404],
    ["/api/artifacts?qurey=a", 400],
    ["/api/artifacts?limit=101", 400],
    ["/api/artifacts?limit=-1", 400],
    ["/api/artifacts?offset=1e9", 400],
    ["/api/artifacts?query=size%3Ebig", 400],
    [`/api/artifacts?query=${"a".repeat(4097)}`, 414],
    [`/api/artifacts?${"columns=a&".repeat(101)}`, 414],
    ["/api/compare?a=3f9a1c2e", 400],
    [`/api/compare?${"a=3f9a1c2e&".repeat(201)}`, 414],
    ["/api/graph?limit=2001", 400],
    ["/api/graph?group=colour", 400],
    ["/api/collection?olderThan=soon", 400],
    ["/api/__proto__", 404],
    ["/api/toString", 404],
    ["/api/", 404],
  ])("for %s, with status %i", async (path, status) => {
    const response = await visitor.get(path);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { code: string; message: string; hint: string } };
    expect(error.code).toMatch(/^(?:EXPLORER|PERSISTABLE)_/);
    expect(error.message).not.toBe("");
    expect(error.hint).not.toBe("");
  });

  test("with an address or headers that are too long", async () => {
    expect((await visitor.send(`GET /${"a".repeat(20_000)}`, host)).status).toBe(414);
    for (const length of [40_000, 100_000, 5_000_000]) {
      const { status, body } = await visitor.send("GET /", host, `X: ${"a".repeat(length)}`);
      // The server does not read the rest, so that its answer may be lost with the connection.
      expect([431, undefined]).toContain(status);
      expect(body).not.toContain("<title>");
    }
    expect((await visitor.get("/")).status).toBe(200);
  });
});

test("what is not HTTP is cut off, and the server lives on", async () => {
  for (const bytes of [
    "\u0000\u0001\u0002\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01",
  ])
    expect([400, 403, 505, undefined]).toContain((await sendRaw(visitor.port, `${bytes}\r\n\r\n`)).status);
  expect((await visitor.send("CONNECT evil.example:443", host)).status).not.toBe(200);
  expect((await visitor.get("/")).status).toBe(200);
});

test("a browser that leaves in the middle of its request, or of an answer, does no harm", async () => {
  for (const bytes of ["GET / HT", `GET /api/events HTTP/1.1\r\n${host}\r\nCookie: ${visitor.cookie}\r\n\r\n`]) {
    const socket = connect(visitor.port, "127.0.0.1");
    await new Promise((resolve) => socket.write(bytes, resolve));
    socket.destroy();
  }
  expect((await visitor.get("/api/store")).status).toBe(200);
});

test("all pages are the one file, and a HEAD has no body", async () => {
  for (const path of [
    "/",
    "/a/3f9a1c2e",
    "/d/points",
    "/compare",
    "/graph",
    "/runs",
    "/runs/x",
    "/sweep",
    "/why",
    "/disk",
    "/trouble",
  ])
    expect(await (await visitor.get(path)).text()).toContain("<title>page");
  const unknown = await visitor.get("/no/such/page");
  expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining("<title>page")]);
  expect(await (await visitor.get("/no/such.js")).text()).toContain("There is no such page.");
  const script = await visitor.get("/assets/app.js");
  expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  const head = await visitor.send("HEAD /", host);
  expect([head.status, head.body]).toEqual([200, ""]);
});

test("at most 64 pages are told of changes", async () => {
  const streams: Response[] = [];
  const ending = new AbortController();
  for (let count = 0; count < 64; count++) streams.push(await visitor.get("/api/events", { signal: ending.signal }));
  expect(streams.map(({ status }) => status)).toEqual(Array(64).fill(200));
  expect((await visitor.get("/api/events")).status).toBe(503);
  ending.abort();
  await expect
    .poll(async () => {
      const again = new AbortController();
      const { status } = await visitor.get("/api/events", { signal: again.signal });
      again.abort();
      return status;
    })
    .toBe(200);
});
