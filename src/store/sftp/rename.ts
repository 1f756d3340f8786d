import type { FileStat } from "../folder/calls/file-system.ts";
import { codeOf, failed, mayMeanTaken } from "./status.ts";

/** Names that other writers take and give up at the same time: an end to trying again. */
const MAX_ATTEMPTS = 10;
/**
 * A name that is free may be one that another writer is about to take; after this many attempts the
 * server simply cannot.
 */
const MAX_FREE_ATTEMPTS = 3;

/** What a server can do that has no more than the protocol. */
export interface PlainRenames {
  /** Fails where the new name is in use. */
  rename(path: string, newPath: string): Promise<void>;
  stat(path: string): Promise<FileStat | undefined>;
  unlink(path: string): Promise<void>;
  /** More about a failure, where more can be found out. */
  explain(path: string, error: unknown): Promise<unknown>;
}

/**
 * Give a file another name, whatever has that name: it goes aside, and comes back if the rename
 * fails. For a moment nothing is there, and another writer may get the name in that moment: then
 * what that one wrote goes aside in turn.
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

/** Whether there still was something to move. */
async function moveAside(calls: PlainRenames, path: string, aside: string): Promise<boolean> {
  try {
    await calls.rename(path, aside);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Whether the name was still free, and is the file's now. */
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
      // What another writer has written by now is newer than what went aside.
      if (isTaken) await discard();
      else await calls.rename(aside, newPath).catch(discard);
      if (!isTaken) throw error;
      return false;
    }
  }
}
