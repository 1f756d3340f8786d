import { NotAFileError } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import { describeKind, folderOf } from "./calls/check-folders.ts";
import { call, type Steps, shield } from "./calls/file-steps.ts";
import { makeFolders, type Volume } from "./calls/volume.ts";
import { attempt } from "./write-file.ts";

/**
 * The codes of systems without hard links; some systems use them for other reasons too, so a trial
 * decides.
 */
const noHardLinks: readonly (string | undefined)[] = [
  "EPERM",
  "EACCES",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
  "EISDIR",
];

/**
 * Gives a finished file its name, if the name is free: `link` is the one call that does this
 * atomically and for one caller only, on every file system that has it.
 */
export function* linkIntoPlace(volume: Volume, temporary: string, path: string): Steps<"created" | "exists"> {
  if (volume.hardLinks === false) return yield* renameOntoPlaceholder(volume, temporary, path);
  try {
    yield* call("link", temporary, path);
    return "created";
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") return yield* settleLink(volume, temporary, path, error);
  }
  yield* makeFolders(volume, folderOf(path));
  try {
    yield* call("link", temporary, path);
    return "created";
  } catch (error) {
    return yield* settleLink(volume, temporary, path, error);
  }
}

/**
 * Finds out the outcome of a failed `link`. Its error is not reliable: a network may lose the
 * answer and repeat the request (EEXIST for our own name), and sshfs says EPERM instead of EEXIST.
 * The state of the name decides.
 */
function* settleLink(volume: Volume, temporary: string, path: string, error: unknown): Steps<"created" | "exists"> {
  // The error does not come from the system, so the link was not made.
  if (systemCodeOf(error) === undefined) throw error;
  // An aborted caller must still learn the outcome.
  yield* shield();
  const there = yield* call("stat", path);
  if (there !== undefined && there.kind !== "file")
    throw new NotAFileError({ operation: "create", path }, `there is ${describeKind(there.kind)} in its place`);
  const ours = yield* call("stat", temporary);
  if (there !== undefined && there.identity === ours?.identity) return "created";
  if (there !== undefined && ours === undefined && volume.fileSystem.linkMayMove) return "created";
  if (systemCodeOf(error) === "EEXIST") return "exists";
  if (noHardLinks.includes(systemCodeOf(error)) && !(yield* hasHardLinks(volume, temporary)))
    return yield* renameOntoPlaceholder(volume, temporary, path);
  if (there === undefined) throw error;
  return (yield* haveSameBytes(temporary, path, there.sizeBytes)) ? "created" : "exists";
}

/**
 * Finds out by a trial with a file of its own whether the disk has hard links, and remembers the
 * result.
 */
function* hasHardLinks(volume: Volume, temporary: string): Steps<boolean> {
  if (volume.hardLinks !== undefined) return volume.hardLinks;
  const second = `${temporary}~link`;
  try {
    yield* call("link", temporary, second);
    volume.hardLinks = true;
  } catch (error) {
    // Another failure says nothing about hard links.
    if (!noHardLinks.includes(systemCodeOf(error))) return true;
    volume.hardLinks = (yield* call("stat", second)) !== undefined;
  }
  yield* attempt(call("unlink", second));
  return volume.hardLinks;
}

/**
 * Names a file without hard links (FAT, some network shares): an empty file takes the name,
 * exclusively; then the finished file replaces it. For a moment other processes get "exists" and
 * see an empty object, and a crash in that moment leaves one: it is not whole, so no reader takes
 * it for an artifact, and it is healed like any other damage.
 */
function* renameOntoPlaceholder(volume: Volume, temporary: string, path: string): Steps<"created" | "exists"> {
  let placeholder: number;
  try {
    placeholder = yield* call("open", path, "create");
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return "exists";
    if (systemCodeOf(error) !== "ENOENT") throw error;
    yield* makeFolders(volume, folderOf(path));
    return yield* renameOntoPlaceholder(volume, temporary, path);
  }
  yield* shield();
  let identity: string | undefined;
  try {
    identity = (yield* call("statOpen", placeholder)).identity;
    yield* call("close", placeholder);
    yield* call("rename", temporary, path);
  } catch (error) {
    // The answer may have been lost after the work was done.
    if ((yield* call("stat", temporary)) === undefined) return "created";
    yield* attempt(removePlaceholder(volume, path, identity));
    throw error;
  }
  return "created";
}

/** Removes the placeholder if it is still ours: the name may belong to another process now. */
function* removePlaceholder(volume: Volume, path: string, identity: string | undefined): Steps<void> {
  const there = yield* call("stat", path);
  if (there?.kind !== "file" || there.sizeBytes > 0) return;
  if (there.identity === identity || volume.fileSystem.hasIdentities === false) yield* call("unlink", path);
}

const COMPARED_BYTES = 64 * 1024;

function* haveSameBytes(one: string, other: string, otherBytes: number): Steps<boolean> {
  const files: number[] = [];
  try {
    for (const path of [one, other]) files.push(yield* call("open", path, "read"));
    const [first, second] = files as [number, number];
    if ((yield* call("statOpen", first)).sizeBytes !== otherBytes) return false;
    for (let offset = 0; offset < otherBytes; offset += COMPARED_BYTES) {
      const length = Math.min(COMPARED_BYTES, otherBytes - offset);
      const ours = yield* readPart(first, offset, length);
      const theirs = yield* readPart(second, offset, length);
      if (Buffer.compare(ours, theirs) !== 0) return false;
    }
    return true;
  } finally {
    for (const file of files) yield* attempt(call("close", file));
  }
}

function* readPart(file: number, offset: number, length: number): Steps<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const read = yield* call("read", file, bytes, done, length - done, offset + done);
    if (read === 0) return bytes.subarray(0, done);
    done += read;
  }
  return bytes;
}
