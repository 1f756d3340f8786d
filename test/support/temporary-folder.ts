import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A fresh folder that is gone at the end of the scope. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  join(...parts: string[]): string;
}

/** `await using folder = await temporaryFolder()` */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), "persistable-test-"));
  return {
    path: folder,
    join: (...parts) => path.join(folder, ...parts),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
