import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServerPlace } from "../../engine/embedded/host-message.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";

/** Nothing that the server writes has to survive the run. */
const SETTINGS = [
  "fsync=off",
  "full_page_writes=off",
  "shared_buffers=32MB",
  "max_connections=200",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
];
/** PostgreSQL refuses to start as root, so it runs as the user `nobody`, whose ids these are. */
const NOBODY = 65534;

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts PostgreSQL in a folder, and returns its process once it lets clients in. If the folder
 * has its data already, it goes on with them.
 */
export async function startPostgres(place: ServerPlace): Promise<ChildProcess> {
  const user: User = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const programs = preparePrograms(place, user);
  const data = join(place.folder, "data");
  giveTo(user, place.folder);
  if (!existsSync(data)) await createDatabase(programs, place, user);
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const child = spawn(join(programs, "postgres"), ["-D", data, "-p", String(place.port), ...settings], {
    cwd: place.folder,
    stdio: ["ignore", "ignore", "pipe"],
    ...user,
  });
  await isReady(child);
  return child;
}

/** Ends a server at once: its other processes would go on for a while if it were killed. */
export async function stopPostgres(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGQUIT");
  await ended;
}

/**
 * Returns the folder of the programs. They are copied if another user, who may not be let into the
 * folder of the package, is to start them, or if npm has not run the script of the package that
 * makes links to its libraries.
 */
function preparePrograms({ programs, folder }: ServerPlace, user: User): string {
  const links = linksOf(programs);
  const isWhole = links.every(([, link]) => existsSync(join(programs, link)));
  if (isWhole && user.uid === undefined) return join(programs, "bin");
  const copy = join(folder, "native");
  if (!existsSync(copy)) {
    cpSync(programs, copy, { recursive: true, verbatimSymlinks: true });
    for (const [file, link] of links) if (!existsSync(join(copy, link))) symlinkSync(basename(file), join(copy, link));
  }
  return join(copy, "bin");
}

/** The links that the package lists, below its folder `native`. */
function linksOf(programs: string): readonly (readonly [file: string, link: string])[] {
  const list = join(programs, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const entries: unknown = JSON.parse(readFileSync(list, "utf8"));
  const inNative = (path: unknown): string => String(path).replace(/^native\//, "");
  return (Array.isArray(entries) ? entries : [])
    .map(fieldsOf)
    .map(({ source, target }) => [inNative(source), inNative(target)]);
}

function giveTo({ uid, gid }: User, folder: string): void {
  if (uid === undefined || gid === undefined) return;
  for (const entry of ["", ...readdirSync(folder, { recursive: true })]) {
    const path = join(folder, String(entry));
    // A link belongs to whom its folder does.
    if (existsSync(path)) chownSync(path, uid, gid);
  }
}

async function createDatabase(programs: string, { folder, password }: ServerPlace, user: User): Promise<void> {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(user, folder);
  const flags = [
    "-U",
    "postgres",
    "-A",
    "scram-sha-256",
    `--pwfile=${passwordFile}`,
    "-E",
    "UTF8",
    "--no-locale",
    "--no-sync",
  ];
  try {
    await promisify(execFile)(join(programs, "initdb"), ["-D", join(folder, "data"), ...flags], {
      cwd: folder,
      ...user,
    });
  } catch (error) {
    const { stderr, code } = fieldsOf(error);
    if (code === "EACCES" && user.uid !== undefined)
      throw new Error(
        `Root may not run PostgreSQL, and the user ${NOBODY}, who runs it instead, may not enter ${folder}. Set TMPDIR to a folder that all users may enter.`,
      );
    throw new Error(typeof stderr === "string" && stderr !== "" ? stderr.trim() : messageOf(error));
  } finally {
    rmSync(passwordFile);
  }
}

async function isReady(child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  let problem: unknown;
  child.once("error", (error) => {
    problem = error;
  });
  while (!said.includes("ready to accept connections")) {
    if (problem !== undefined) throw problem;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(said.trim());
    await sleep(20);
  }
}
