import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { endOf, type QueueServer, type QueueServerKind } from "./queue-server.ts";
import { findFreePort, findInstalled } from "./server.ts";

const VERSIONS = "/usr/lib/postgresql";
/** The server waits for the disk nowhere: no test is about a machine that fails. */
const SETTINGS = ["fsync=off", "shared_buffers=32MB", "max_connections=200"];

/** The folder of an empty database, which each server copies: creating one takes seconds. */
let emptyDatabase: string | undefined;

/** Debian's PostgreSQL. */
export const postgres: QueueServerKind = {
  kind: "PostgreSQL",
  isInstalled: () =>
    findInstalled("postgresql", "bash scripts/install-test-servers.sh", newestPrograms()) !== undefined,
  start: startPostgres,
};

async function startPostgres(): Promise<QueueServer> {
  const programs = newestPrograms() ?? "";
  const folder = ownFolder();
  emptyDatabase ??= createDatabase(programs);
  cpSync(emptyDatabase, folder, { recursive: true });
  giveTo(serverUser(), folder);
  const port = await findFreePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const log = path.join(folder, "log");
  const settings = [...SETTINGS, "listen_addresses=127.0.0.1", "unix_socket_directories="];
  const args = ["-D", folder, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  const start = (): ChildProcess => {
    const stderr = openSync(log, "a");
    const started = spawn(path.join(programs, "postgres"), args, {
      stdio: ["ignore", stderr, stderr],
      ...serverUser(),
    });
    closeSync(stderr);
    return started;
  };
  let child = start();
  // Its other processes would go on for a while if this one were killed.
  const quit = (): void => void child.kill("SIGQUIT");
  process.once("exit", quit);
  await query(url, "SELECT 1");
  const close = async (): Promise<void> => {
    process.off("exit", quit);
    await endOf(child, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url,
    port,
    async restart(awayMs) {
      await endOf(child, "SIGQUIT");
      await sleep(awayMs);
      child = start();
      await query(url, "SELECT 1");
    },
    async loseJobs() {
      await query(url, "TRUNCATE bullmq.job, bullmq.event CASCADE");
    },
    async watch() {
      const before = statSync(log).size;
      await query(url, "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()");
      return async () => readFileSync(log).subarray(before).toString("latin1");
    },
    async dump() {
      return execFileSync(path.join(programs, "pg_dump"), ["-d", url], { encoding: "utf8", maxBuffer: 2 ** 28 });
    },
    async longestMessage() {
      const rows = await query(url, "SELECT max(length(data::text)) AS longest FROM bullmq.job").catch(() => []);
      return Number(rows[0]?.longest ?? 0);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The folder with the programs of the newest version. */
function newestPrograms(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const [newest] = readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a));
  return newest === undefined ? undefined : path.join(VERSIONS, newest, "bin");
}

function createDatabase(programs: string): string {
  const folder = ownFolder();
  const args = ["-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(path.join(programs, "initdb"), args, { stdio: "ignore", cwd: folder, ...serverUser() });
  return folder;
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): User {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

function ownFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-postgres-"));
  giveTo(serverUser(), folder);
  return folder;
}

function giveTo({ uid, gid }: User, folder: string): void {
  chmodSync(folder, 0o700);
  if (uid === undefined || gid === undefined) return;
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { recursive: true })) chownSync(path.join(folder, String(entry)), uid, gid);
}

/** Waits until the server lets clients in, and gives back the rows of the last statement. */
async function query(
  url: string,
  ...statements: readonly string[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  for (let tries = 1; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (error) {
      if (tries === 1000) throw error;
      await sleep(30);
      continue;
    }
    try {
      let rows: readonly Readonly<Record<string, unknown>>[] = [];
      for (const statement of statements) rows = (await client.query(statement)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }
}
