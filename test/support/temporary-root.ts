import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * Gives all test files of a run one folder for temporary files, and removes it at the end: a
 * process that a test or the runner has killed cannot remove its own.
 */
export function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-tests-"));
  // Some tests become another user, who must get through to the folders below.
  chmodSync(folder, 0o755);
  for (const name of ["TMPDIR", "TMP", "TEMP"]) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
