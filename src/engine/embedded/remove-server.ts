import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Ends a server whose host was killed. */
export function killServer(folder: string): void {
  const file = join(folder, "data/postmaster.pid");
  if (!existsSync(file)) return;
  try {
    process.kill(Number(readFileSync(file, "utf8").split("\n")[0]), "SIGQUIT");
  } catch {
    // It has ended already.
  }
  rmSync(file, { force: true });
}

/** Ends a server, and removes everything that it has written. */
export function removeServer(folder: string): void {
  killServer(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
