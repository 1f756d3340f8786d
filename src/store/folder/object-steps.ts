import { NotAFileError, ObjectExistsError, type StoreOperation } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import type { Chunks } from "../store.ts";
import { checkFolders, describeKind, folderOf } from "./calls/check-folders.ts";
import { call, type Steps, shield } from "./calls/file-steps.ts";
import { renameInto, syncNames, type Volume } from "./calls/volume.ts";
import { linkIntoPlace } from "./link-into-place.ts";
import { newTemporaryPath, sweepOnce } from "./temporary-files.ts";
import { attempt, writeNewFile } from "./write-file.ts";

/** Implements {@link Store.writeFresh}. */
export function* writeFresh(volume: Volume, path: string, chunks: Chunks, durable: boolean): Steps<void> {
  yield* writeNewFile(volume, path, chunks, durable);
}

/**
 * Implements {@link Store.createIfAbsent}: it writes the bytes under a temporary name and syncs
 * them; then it links the name, which only one writer gets; then it syncs the name, too. Only then
 * it reports either outcome: "exists" must also be true after a power cut.
 */
export function* createIfAbsent(
  volume: Volume,
  path: string,
  chunks: Chunks,
  durable: boolean,
): Steps<"created" | "exists"> {
  yield* checkFolders(volume, path, "create");
  const temporary = newTemporaryPath(volume);
  yield* writeNewFile(volume, temporary, chunks, durable);
  let outcome: "created" | "exists";
  try {
    // Writing may have taken hours.
    yield* checkFolders(volume, path, "create");
    outcome = yield* linkIntoPlace(volume, temporary, path);
  } catch (error) {
    yield* shield();
    yield* attempt(call("unlink", temporary));
    throw error;
  }
  yield* shield();
  yield* attempt(call("unlink", temporary));
  if (durable && outcome === "exists") yield* syncExisting(path);
  if (durable) yield* syncNames(volume, folderOf(path));
  yield* sweepOnce(volume);
  return outcome;
}

/**
 * Syncs an object that another process wrote. That process may have been killed before it synced
 * the object, or may have written it without `durable`.
 */
function* syncExisting(path: string): Steps<void> {
  let file: number;
  try {
    file = yield* call("open", path, "read");
  } catch (error) {
    // The object was removed meanwhile: there is nothing to sync.
    if (systemCodeOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    yield* call("fsync", file);
  } catch (error) {
    // Windows syncs only files that were opened for writing.
    if (systemCodeOf(error) !== "EPERM") throw error;
  } finally {
    yield* attempt(call("close", file));
  }
}

/** Implements {@link Store.replace}. */
export function* replace(volume: Volume, path: string, chunks: Chunks, durable: boolean): Steps<void> {
  yield* checkFolders(volume, path, "replace");
  const temporary = newTemporaryPath(volume);
  yield* writeNewFile(volume, temporary, chunks, durable);
  try {
    yield* checkFolders(volume, path, "replace");
    yield* renameInto(volume, temporary, path);
  } catch (error) {
    yield* shield();
    yield* attempt(call("unlink", temporary));
    throw error;
  }
  yield* shield();
  if (durable) yield* syncNames(volume, folderOf(path));
  yield* sweepOnce(volume);
}

/**
 * Implements {@link Store.move}. If several processes move one object, only one gets `true`: its
 * rename takes the object away.
 */
export function* move(volume: Volume, from: string, to: string): Steps<boolean> {
  if (!(yield* checkFolders(volume, from, "move"))) return false;
  yield* checkFolders(volume, to, "move");
  if ((yield* statFile(from, "move")) === undefined) return false;
  if ((yield* call("stat", to)) !== undefined) throw new ObjectExistsError({ operation: "move", path: to });
  try {
    yield* renameInto(volume, from, to);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" && (yield* call("stat", from)) === undefined) return false;
    throw error;
  }
  return true;
}

/** Implements {@link Store.remove}. */
export function* remove(volume: Volume, path: string): Steps<boolean> {
  if (!(yield* checkFolders(volume, path, "remove"))) return false;
  try {
    yield* call("unlink", path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    // Linux reports EISDIR for a folder, other systems EPERM.
    yield* statFile(path, "remove");
    throw error;
  }
}

/** Implements {@link Store.stat}. */
export function* stat(volume: Volume, path: string): Steps<{ sizeBytes: number; modifiedMs: number } | undefined> {
  if (!(yield* checkFolders(volume, path, "stat"))) return undefined;
  return yield* statFile(path, "stat");
}

function* statFile(
  path: string,
  operation: StoreOperation,
): Steps<{ sizeBytes: number; modifiedMs: number } | undefined> {
  const found = yield* call("stat", path);
  if (found === undefined) return undefined;
  if (found.kind !== "file")
    throw new NotAFileError({ operation, path }, `there is ${describeKind(found.kind)} in its place`);
  return { sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
}
