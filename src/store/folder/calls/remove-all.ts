import { systemCodeOf } from "../../../util/system-failure.ts";
import { call, type Steps } from "./file-steps.ts";
import type { FileKind } from "./file-system.ts";

/**
 * Removes a file, a folder with its contents, or a symbolic link
 * itself.
 *
 * @param kind as it was listed; a folder is checked again before its contents are touched.
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
