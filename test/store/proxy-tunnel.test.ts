import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as forward } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gcsStore } from "../../src/entry/stores/gcs.ts";
import { proxyFor } from "../../src/store/bucket/proxy-tunnel.ts";
import { storePath } from "../../src/store/store-path.ts";
import { startGcsDouble } from "../support/servers/gcs-double.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isInstalled = spawnSync("openssl", ["version"]).status === 0;
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a proxy of the environment", () => {
  const proxy = "http://proxy.example:3128";

  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: "" }, undefined],
    [{ HTTPS_PROXY: proxy }, "http://proxy.example:3128/"],
    [{ https_proxy: proxy, HTTPS_PROXY: "http://other:1" }, "http://proxy.example:3128/"],
    [{ HTTP_PROXY: "proxy.example:3128" }, "http://proxy.example:3128/"],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "storage.googleapis.com" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "localhost, .googleapis.com" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "googleapis.com" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "*.googleapis.com:443" }, undefined],
    [{ HTTPS_PROXY: proxy, no_proxy: "*" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "googleapis.com:8443,apis.com,example" }, "http://proxy.example:3128/"],
  ])("is found as the client of Google finds it: %o", (env, expected) => {
    expect(proxyFor(new URL("https://storage.googleapis.com/storage/v1"), env)?.href).toBe(expected);
  });

  it.skipIf(!isInstalled)("stands between the store and a service, and sees nothing of what goes through", async () => {
    await using double = await startGcsDouble();
    await using folder = await temporaryFolder();
    const [key, cert] = [folder.join("key.pem"), folder.join("cert.pem")];
    const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"];
    expect(spawnSync("openssl", [...options, "-keyout", key, "-out", cert]).status).toBe(0);
    const service = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, answer) => {
      const { method, url, headers } = incoming;
      const onwards = forward(`${double.url}${url}`, { method, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 500, given.headers);
        given.pipe(answer);
      });
      incoming.pipe(onwards);
    }).listen(0, "127.0.0.1");
    const asked: unknown[] = [];
    const proxyServer = createServer()
      .on("connect", (incoming, client) => {
        asked.push([incoming.url, incoming.headers["proxy-authorization"]]);
        const [host = "", port = ""] = (incoming.url ?? "").split(":");
        const server = connect(Number(port), host, () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n");
          server.pipe(client).pipe(server);
        });
        for (const socket of [client, server]) socket.on("error", () => {});
      })
      .listen(0, "127.0.0.1");
    await Promise.all([once(service, "listening"), once(proxyServer, "listening")]);
    const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
    vi.stubEnv("HTTPS_PROXY", `http://user:p%40ss@127.0.0.1:${portOf(proxyServer)}`);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const store = await gcsStore({ bucket: double.createBucket(), endpoint: `https://127.0.0.1:${portOf(service)}` });
    const path = storePath("points", "a.json");
    await store.replace(path, [Buffer.from("hello")]);
    expect(Buffer.from((await store.read(path)) ?? []).toString()).toBe("hello");
    const authorization = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;
    // One tunnel, which is kept.
    expect(asked).toEqual([[`127.0.0.1:${portOf(service)}`, authorization]]);
    service.close();
    service.closeAllConnections();
    proxyServer.close();
    proxyServer.closeAllConnections();
  });
});
