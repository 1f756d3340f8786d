import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A server of a test, listening on loopback. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

/** How a server is started. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly port: number;
  /** The path that is asked until the server answers, with any status. */
  readonly readyPath?: string;
}

const READY_MS = 40_000;

/** A port of 127.0.0.1 without a listener. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Start a server, and wait until it answers. It ends with this process at the latest. */
export async function startServer(wanted: ServerCommand): Promise<TestServer> {
  const { command, args, env, cwd, port, readyPath = "/" } = wanted;
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    process.off("exit", kill);
    await end(child);
  };
  try {
    await answer(`${url}${readyPath}`, child, () => said);
  } catch (error) {
    await close();
    throw error;
  }
  return { port, url, close, [Symbol.asyncDispose]: close };
}

async function answer(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said()}`);
    try {
      await fetch(url, { signal: AbortSignal.timeout(2000) });
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`the server does not answer at ${url}: ${said()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/**
 * A server of a kind that may not be installed here: its tests are skipped then, with the line that
 * installs it; in CI that is a failure.
 *
 * @returns undefined where it is not installed.
 */
export function findInstalled<Found>(what: string, install: string, found: Found | undefined): Found | undefined {
  if (found === undefined) {
    if (process.env.CI === "true") throw new Error(`${what} must be installed in CI: ${install}`);
    process.emitWarning(`Tests against ${what} are skipped, since it is not installed. Install it: ${install}`);
  }
  return found;
}
