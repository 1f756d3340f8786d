import { lstat, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

/** Remove a folder and those in it, as far as there is nothing but folders in them. Never fails: an empty folder does no harm. */
export async function removeEmptyFolders(folder: string): Promise<void> {
  try {
    if (!(await lstat(folder)).isDirectory()) return;
    for (const entry of await readdir(folder, { withFileTypes: true }))
      if (entry.isDirectory()) await removeEmptyFolders(join(folder, entry.name));
    await rmdir(folder);
  } catch {
    // It is gone, or something is in it.
  }
}
