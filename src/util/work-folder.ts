import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const open = new Set<string>();
let isListening = false;

/** An empty folder for scratch files, its absolute path. It goes when the process exits, or earlier by {@link removeWorkFolder}. */
export function makeWorkFolder(): string {
  const folder = mkdtempSync(path.join(path.resolve(tmpdir()), "persistable-work-"));
  adoptWorkFolder(folder);
  return folder;
}

/** Answer for a folder that another thread has made. */
export function adoptWorkFolder(folder: string): void {
  open.add(folder);
  if (isListening) return;
  isListening = true;
  process.on("exit", removeAll);
}

/** Leave a folder to another thread, which answers for it from now on. */
export function leaveWorkFolder(folder: string): void {
  open.delete(folder);
}

/** Never fails: the payload must not be lost for what a scratch folder does. What could not be removed is tried again at exit. */
export async function removeWorkFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    open.delete(folder);
  } catch {
    // Something still writes into it, or has taken away our permission.
  }
}

function removeAll(): void {
  for (const folder of open) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The process ends: nobody is left to tell.
    }
  }
}
