import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A file of `test/format/fixtures`, which another program wrote. */
export async function readFixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(fixturePath(name)));
}

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../format/fixtures/${name}`, import.meta.url));
}
