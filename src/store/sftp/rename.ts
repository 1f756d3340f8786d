import type { FileStat } from "../folder/calls/file-system.ts";
import { codeOf, failed, mayMeanTaken } from "./status.ts";

/** Limits the attempts while other writers take and release names at the same time. */
const MAX_ATTEMPTS = 10;
/**
 * Limits the attempts that fail although the new name is free. The first of them may have failed
 * since another writer was just using the name; after this many, the server simply cannot rename.
 */
const MAX_FREE_ATTEMPTS = 3;

/** The operations of a server that supports the plain protocol alone. */
export interface PlainRenames {
  /** Fails if the new name is in use. */
  rename(path: string, newPath: string): Promise<void>;
  stat(path: string): Promise<FileStat | undefined>;
  unlink(path: string): Promise<void>;
  /** Returns a more specific error, if more can be found out. */
  explain(path: string, error: unknown): Promise<unknown>;
}

/**
 * Renames a file onto another one: that file is moved aside, and is moved back if the rename fails.
 * For a moment the name is free, and another writer may take it in that moment: then that writer's
 * file is moved aside in turn.
 */
export async function renameOnto(calls: PlainRenames, path: string, newPath: string): Promise<void> {
  const aside = `${path}~old`;
  for (let attempt = 1; ; attempt++) {
    try {
      return await calls.rename(path, newPath);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !mayMeanTaken(error)) throw await calls.explain(newPath, error);
      const there = await calls.stat(newPath);
      if (there?.kind === "folder") throw failed("EISDIR", "there is a folder");
      if (there === undefined && attempt >= MAX_FREE_ATTEMPTS) throw await calls.explain(newPath, error);
      if (there === undefined || !(await moveAside(calls, newPath, aside))) continue;
    }
    if (await takeName(calls, path, newPath, aside)) return;
  }
}

/** Returns whether there still was a file to move. */
async function moveAside(calls: PlainRenames, path: string, aside: string): Promise<boolean> {
  try {
    await calls.rename(path, aside);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Returns whether the name was still free and now belongs to the file. */
async function takeName(calls: PlainRenames, path: string, newPath: string, aside: string): Promise<boolean> {
  const discard = (): Promise<void> => calls.unlink(aside).catch(() => {});
  for (let attempt = 1; ; attempt++) {
    try {
      await calls.rename(path, newPath);
      await discard();
      return true;
    } catch (error) {
      const isTaken = mayMeanTaken(error) && (await calls.stat(newPath)) !== undefined;
      if (!isTaken && mayMeanTaken(error) && attempt < MAX_FREE_ATTEMPTS) continue;
      // A file that another writer has written by now is newer than the one that was moved aside.
      if (isTaken) await discard();
      else await calls.rename(aside, newPath).catch(discard);
      if (!isTaken) throw error;
      return false;
    }
  }
}
