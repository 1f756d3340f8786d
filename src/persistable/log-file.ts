import path from "node:path";

const warned = new Set<string>();

/** Appends to a log file, opened for each write, so that no descriptor stays open and no folder's log goes into another's. A log that cannot be written never fails the work. */
export function appendLog(file: string, text: string): void {
  try {
    append(file, text);
  } catch (error) {
    if (warned.has(file)) return;
    warned.add(file);
    process.emitWarning(
      `The log file ${file} cannot be written (${(error as Error).message}); the work goes on without it.`,
      "PersistableWarning",
    );
  }
}

function append(file: string, text: string): void {
  // Not imported: that would load the streams of node:fs too, which takes a process that only hits 2 ms.
  const { appendFileSync, mkdirSync } = process.getBuiltinModule("node:fs");
  try {
    appendFileSync(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(path.dirname(file), { recursive: true });
    appendFileSync(file, text);
  }
}
