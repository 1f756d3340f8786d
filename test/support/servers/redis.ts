import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { endOf, type QueueServer, type QueueServerKind } from "./queue-server.ts";
import { findFreePort, findInstalled } from "./server.ts";

const PROGRAM = "/usr/bin/redis-server";

/** Debian's redis-server. */
export const redis: QueueServerKind = {
  kind: "Redis",
  isInstalled: () =>
    findInstalled("redis-server", "bash scripts/install-test-servers.sh", existsSync(PROGRAM) || undefined) === true,
  start: startRedis,
};

async function startRedis(): Promise<QueueServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-redis-"));
  const port = await findFreePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  const start = (): ChildProcess => spawn(PROGRAM, args, { stdio: "ignore" });
  let child = start();
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  await listening(port);
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    await endOf(child, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url,
    port,
    async restart(awayMs) {
      await endOf(child, "SIGKILL");
      await sleep(awayMs);
      child = start();
      await listening(port);
    },
    loseJobs: () => withClient(url, async (client) => void (await client.flushall())),
    watch: () => monitor(port),
    dump: () => withClient(url, dump),
    longestMessage: () => withClient(url, longestMessage),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function monitor(port: number): Promise<() => Promise<string>> {
  const seen: string[] = [];
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("data", (bytes) => seen.push(bytes.toString("latin1")));
  socket.write("MONITOR\r\n");
  return async () => {
    socket.destroy();
    return seen.join("");
  };
}

async function withClient<Value>(url: string, use: (client: Redis) => Promise<Value>): Promise<Value> {
  const client = new Redis(url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

async function dump(client: Redis): Promise<string> {
  const readers: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    list: (key) => client.lrange(key, 0, -1),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, 0, -1),
    stream: (key) => client.xrange(key, "-", "+"),
  };
  const keys = await client.keys("*");
  return JSON.stringify(
    await Promise.all(keys.map(async (key) => [key, await readers[await client.type(key)]?.(key)])),
  );
}

async function longestMessage(client: Redis): Promise<number> {
  const keys = (await client.keys("bull:p.*")).filter((key) => key.split(":").length === 3);
  // Keys of this form that are not jobs have another type.
  const lengths = keys.map(async (key) => (await client.hget(key, "data").catch(() => ""))?.length ?? 0);
  return Math.max(0, ...(await Promise.all(lengths)));
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(30);
  }
  throw new Error(`Nothing listens on port ${port}.`);
}
