import path from "node:path";
import { messageOf } from "../../errors/error-kind.ts";
import { visibleText } from "../../errors/visible-text.ts";
import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import type { State } from "../declare/state.ts";

type NodeFs = typeof import("node:fs");

/** Returns the log file of a persistable, unless its log is off or its store is not a folder. */
export function logFileOf({ recipe, surroundings }: State): string | undefined {
  const { store, log } = surroundings;
  if (store.localPath === undefined || log === false || process.env.PERSISTABLE_LOG === "off") return undefined;
  return store.localPath(storePath(`${safeName(recipe.name)}.log`));
}

const warned = new Set<string>();

/**
 * Appends to a log file. The file is opened for each write, so that no descriptor stays open, and a
 * data directory that was moved away gets no lines of the one that has replaced it. A log that
 * cannot be written never makes the work fail.
 *
 * @param maxBytes - the size beyond which the file is not to grow: it is set aside before
 */
export function appendLog(file: string, text: string, maxBytes = Number.POSITIVE_INFINITY): void {
  try {
    append(file, Buffer.from(text), maxBytes);
  } catch (error) {
    if (warned.has(file)) return;
    warned.add(file);
    process.emitWarning(
      visibleText(`The log file ${file} cannot be written (${messageOf(error)}); the work goes on without it.`),
      "PersistableWarning",
    );
  }
}

function append(file: string, bytes: Uint8Array, maxBytes: number): void {
  // Importing node:fs would also load its streams, which takes a process that only hits 2 ms.
  const fs = process.getBuiltinModule("node:fs");
  setAside(fs, file, maxBytes - bytes.length);
  let log: number;
  try {
    log = openLog(fs, file);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    log = openLog(fs, file);
  }
  try {
    if (!fs.fstatSync(log).isFile()) throw notAFile("a folder, a device or a pipe");
    for (let written = 0; written < bytes.length; ) written += fs.writeSync(log, bytes, written);
  } finally {
    fs.closeSync(log);
  }
}

/**
 * Renames a log file that is larger than `limitBytes` to `<file>.1`, which replaces the earlier
 * one. Lines are never split, so a single line may be larger than the limit. If two processes do
 * this at the same moment, the older lines may be lost: a lock for a log would cost more than they
 * are worth.
 */
function setAside(fs: NodeFs, file: string, limitBytes: number): void {
  if (limitBytes === Number.POSITIVE_INFINITY) return;
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size === 0 || found.size <= limitBytes) return;
  try {
    fs.renameSync(file, `${file}.1`);
  } catch (error) {
    // Another process has set it aside meanwhile.
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
}

/**
 * Opens the file without following links. Other users may write into a data directory, too: a link
 * that they left there could lead the lines into any file of this user, and opening a pipe would
 * wait for its reader.
 */
function openLog(fs: NodeFs, file: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK = 0 } = fs.constants;
  // Windows does not have this flag.
  if (O_NOFOLLOW === undefined && fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
    throw notAFile("a symbolic link");
  try {
    return fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | (O_NOFOLLOW ?? 0), 0o666);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ELOOP" || code === "EMLINK") throw notAFile("a symbolic link");
    if (code === "ENXIO") throw notAFile("a device or a pipe");
    throw error;
  }
}

function notAFile(found: string): Error {
  return new Error(`there is ${found} in its place`);
}
