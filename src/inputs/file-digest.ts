import type { BigIntStats } from "node:fs";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createSha256 } from "../util/digest/sha256.ts";

/**
 * Some file systems keep times to two seconds: a file that changed less than this ago may change
 * once more without getting another time.
 */
const CLOCK_RESOLUTION_MS = 2000;
const MAX_LOOKS = 5;
const MAX_KNOWN = 100_000;

interface Known {
  readonly stamp: string;
  readonly sha256: string;
}

const known = new Map<string, Known>();

/**
 * Returns the sha256 of a file. It is remembered by path, size, times and inode, so that a file
 * that has not changed is read once for each process. The digest of a file that has just changed is
 * not remembered, since its time may stay the same when it changes once more.
 *
 * @throws the error of `node:fs`; an error if the file keeps changing while it is read
 */
export async function sha256OfFile(path: string): Promise<string> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const before = await stampOf(path);
    const found = known.get(path);
    if (found !== undefined && found.stamp === before.stamp) return found.sha256;
    const sha256 = await digest(path);
    const after = await stampOf(path);
    if (after.stamp !== before.stamp) continue;
    if (known.size >= MAX_KNOWN) known.clear();
    if (Date.now() - after.changedMs > CLOCK_RESOLUTION_MS) known.set(path, { stamp: after.stamp, sha256 });
    return sha256;
  }
  throw new Error(`${path} changes while it is read. Copy it aside, and give the copy.`);
}

async function stampOf(path: string): Promise<{ readonly stamp: string; readonly changedMs: number }> {
  const stats: BigIntStats = await stat(path, { bigint: true });
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const changedMs = Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs));
  return { stamp: [dev, ino, size, mtimeNs, ctimeNs].join(" "), changedMs };
}

async function digest(path: string): Promise<string> {
  const hash = createSha256();
  for await (const piece of createReadStream(path)) hash.update(piece);
  return Buffer.from(hash.digest()).toString("hex");
}
