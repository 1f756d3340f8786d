import type { Address } from "../../address/address.ts";
import { ArtifactInFlightError, CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store } from "../../store/store.ts";
import { payloadFileIn } from "../layout/payload-objects.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import { withFreeLease } from "../lease/with-free-lease.ts";
import { quarantineArtifact } from "./quarantine-artifact.ts";
import type { FoundDamage } from "./stored-source.ts";

/** An artifact whose payload a reader holds by a handle. */
export interface HandedOut {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  /** The bytes of the record, as they were when the handle was given. */
  readonly recordBytes: Uint8Array;
}

/**
 * Decides what to do about damage that a reader has found through a handle. If the artifact has not
 * been replaced, it is checked once more, under the lease of its address. If it is still damaged,
 * it is set aside. Without that, the next reader would get a handle on the same damage, since the
 * size of the payload is right.
 *
 * @returns the error for the reader
 */
export async function settleDamage(artifact: HandedOut, damage: FoundDamage): Promise<Error> {
  const { store, name, address, recordBytes } = artifact;
  const { path, problem } = damage;
  try {
    if (!(await isStanding(artifact))) return new ArtifactInFlightError(name, path);
    await withFreeLease(store, address, async () => {
      const found = await damage.lookAgain();
      if (found !== undefined)
        await quarantineArtifact(store, name, address, { state: "damaged", file: path, problem: found, recordBytes });
    });
  } catch {
    // The store cannot be written to, or cannot be read any more: the next reader finds the same
    // damage.
  }
  return new CorruptArtifactError(name, address, path, problem);
}

/**
 * Like {@link settleDamage}, for the process that has generated the payload, which gets its handle
 * before the record is written. If the file is gone, another publication has replaced it.
 *
 * @returns the error for the reader
 */
export async function settleOwnDamage(
  artifact: Omit<HandedOut, "recordBytes"> & { readonly file: string },
  damage: FoundDamage,
): Promise<Error> {
  const { store, name, address, file } = artifact;
  const corrupt = new CorruptArtifactError(name, address, damage.path, damage.problem);
  try {
    for (let look = 0; look < 2; look++) {
      const recordBytes = await readRecordBytes(certainStore(store), recordPath(name, address));
      if (recordBytes !== undefined && payloadFileIn(recordBytes, address) === file)
        return await settleDamage({ ...artifact, recordBytes }, damage);
    }
    return (await certainStore(store).stat(damage.path)) === undefined
      ? new ArtifactInFlightError(name, damage.path)
      : corrupt;
  } catch {
    return corrupt;
  }
}

/** Looks twice, since a single read that finds other bytes may itself be faulty. */
async function isStanding({ store, name, address, recordBytes }: HandedOut): Promise<boolean> {
  for (let look = 0; look < 2; look++) {
    const bytes = await readRecordBytes(certainStore(store), recordPath(name, address));
    if (bytes !== undefined && Buffer.compare(bytes, recordBytes) === 0) return true;
  }
  return false;
}
