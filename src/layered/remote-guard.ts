import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { payloadBeside } from "../artifact/layout/payload-objects.ts";
import type { StorePath } from "../store/store.ts";
import { digestOf } from "../util/digest/digest.ts";
import type { LayerParts } from "./layer-parts.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

/**
 * Whether an object may go away in the remote: not the payload of a record that is there. When in
 * doubt, it stays.
 *
 * @param ask - where it throws for a remote that does not answer, so does this
 */
export async function mayRemoveRemotely(path: StorePath, ask: Ask): Promise<boolean> {
  return (await namingRecord(path, ask)) === undefined;
}

/**
 * Whether the remote's object may be set aside. What was judged is what the caller has read, and
 * that may have been the local one: so the payload of a record stays where it matches its digest in
 * the remote, and any other object where it is not the same as the local one.
 */
export async function mayMoveRemotely(
  path: StorePath,
  { local, healing }: Pick<LayerParts, "local" | "healing">,
  ask: Ask,
): Promise<boolean | Unreachable> {
  const object = objectAt(path);
  if (object.kind === "payload" || object.kind === "part") {
    const naming = await namingRecord(path, ask);
    if (naming === unreachable) return false;
    if (naming === undefined) return true;
    // Without an answer nothing is known of it, and it stays.
    return (await healing.judgeRemote(object.record, naming, ask)) === "damaged";
  }
  const own = await local.read(path);
  if (own === undefined) return true;
  const theirs = await ask("read", path, (remote) => remote.read(path));
  if (theirs === unreachable) return unreachable;
  return theirs !== undefined && digestOf([theirs]) === digestOf([own]);
}

/** The record of the remote that names an object as its payload, or as a file of it. */
async function namingRecord(path: StorePath, ask: Ask): Promise<Uint8Array | Unreachable | undefined> {
  const object = objectAt(path);
  if (object.kind !== "payload" && object.kind !== "part") return undefined;
  const { record, file } = object;
  const bytes = await ask("read", record, (remote) => remote.read(record));
  if (bytes === unreachable || bytes === undefined) return bytes;
  return payloadBeside(record, bytes)?.file === file ? bytes : undefined;
}
