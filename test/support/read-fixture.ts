import { readFile } from "node:fs/promises";

/** A file of `test/format/fixtures`, which another program wrote. */
export async function readFixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../format/fixtures/${name}`, import.meta.url)));
}
