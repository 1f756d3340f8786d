import { systemCodeOf } from "../../../util/system-failure.ts";
import { call, type Steps } from "./file-steps.ts";
import type { FileKind } from "./file-system.ts";

/**
 * Remove what has this path: a folder with everything in it, and of a symbolic link the link
 * itself.
 *
 * @param kind as it was listed; a folder is looked at again before anything in it is touched.
 */
export function* removeAll(path: string, kind: FileKind): Steps<void> {
  if (kind !== "folder" || (yield* call("stat", path))?.kind !== "folder") {
    yield* call("unlink", path);
    return;
  }
  for (const entry of yield* call("readFolder", path)) {
    try {
      yield* removeAll(`${path}/${entry.name}`, entry.kind);
    } catch (error) {
      // Another process removes the same folder.
      if (systemCodeOf(error) !== "ENOENT") throw error;
    }
  }
  yield* call("rmdir", path);
}
