import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort, findInstalled } from "./server.ts";

const REDIS = "/usr/bin/redis-server";

/** A Redis of one's own. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Kills the server, and starts it again after a while with what it has written. */
  restart(awayMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Debian's redis-server on a free port; undefined where it is not installed. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const found = findInstalled("redis-server", "bash scripts/install-test-servers.sh", existsSync(REDIS) || undefined);
  if (found === undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-redis-"));
  const port = await findFreePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  const start = (): ReturnType<typeof spawn> => spawn(REDIS, args, { stdio: "ignore" });
  let child = start();
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  await listening(port);
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async restart(awayMs) {
      await end();
      await sleep(awayMs);
      child = start();
      await listening(port);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(
        () => true,
        () => false,
      ),
    ]);
    socket.destroy();
    if (isOpen) return;
    await sleep(30);
  }
  throw new Error(`Nothing listens on port ${port}.`);
}
