import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const open = new Set<string>();
let isListening = false;

/**
 * Creates an empty folder for scratch files and returns its absolute path. It is removed when the
 * process exits, or earlier by {@link removeWorkFolder}.
 */
export function makeWorkFolder(): string {
  const folder = mkdtempSync(path.join(path.resolve(tmpdir()), "persistable-work-"));
  adoptWorkFolder(folder);
  return folder;
}

/** Makes this thread responsible for removing a folder that another thread has created. */
export function adoptWorkFolder(folder: string): void {
  open.add(folder);
  if (isListening) return;
  isListening = true;
  process.on("exit", removeAll);
}

/** Hands the responsibility for a folder over to another thread. */
export function leaveWorkFolder(folder: string): void {
  open.delete(folder);
}

/**
 * Never fails: a scratch folder must not cost a payload. If the removal fails, the exit of the
 * process tries again.
 */
export async function removeWorkFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    open.delete(folder);
  } catch {
    // Another process still writes into the folder, or this process may no longer remove it.
  }
}

function removeAll(): void {
  for (const folder of open) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The process is about to end: there is no caller left to report to.
    }
  }
}
