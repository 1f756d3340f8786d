import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { payloadBeside } from "../artifact/layout/payload-objects.ts";
import type { StorePath } from "../store/store.ts";
import { digestOf } from "../util/digest/digest.ts";
import type { LayerParts } from "./layer-parts.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

/**
 * Whether an object may be removed from the remote. The payload of a record that is there may not;
 * when in doubt, the object stays.
 *
 * @param ask - if it throws since the remote does not answer, this function throws as well
 */
export async function mayRemoveRemotely(path: StorePath, ask: Ask): Promise<boolean> {
  return (await namingRecord(path, ask)) === undefined;
}

/**
 * Whether the remote's object may be set aside. The caller has found damage, but perhaps in the
 * local object. So the remote's payload of a record stays if it matches its digest, and any other
 * object of the remote stays if it differs from the local one.
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
    // If the remote does not answer, nothing is known of its payload, which stays.
    return (await healing.judgeRemote(object.record, naming, ask)) === "damaged";
  }
  const own = await local.read(path);
  if (own === undefined) return true;
  const theirs = await ask("read", path, (remote) => remote.read(path));
  if (theirs === unreachable) return unreachable;
  return theirs !== undefined && digestOf([theirs]) === digestOf([own]);
}

/** Returns the remote's record that names an object as its payload, or as a file of its payload. */
async function namingRecord(path: StorePath, ask: Ask): Promise<Uint8Array | Unreachable | undefined> {
  const object = objectAt(path);
  if (object.kind !== "payload" && object.kind !== "part") return undefined;
  const { record, file } = object;
  const bytes = await ask("read", record, (remote) => remote.read(record));
  if (bytes === unreachable || bytes === undefined) return bytes;
  return payloadBeside(record, bytes)?.file === file ? bytes : undefined;
}
