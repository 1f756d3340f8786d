import type { Address } from "../../address/address.ts";
import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import type { ArtifactRecord, UndeclaredLoad } from "../../record/record.ts";
import type { Store } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { declaredVersions } from "../declare/declaration.ts";

/** Something that a generator loaded without declaring it, and that has changed since. */
export interface UndeclaredChange {
  readonly name: string;
  readonly address: Address;
  /** The change in words: `version 2, was 1`. */
  readonly change: string;
}

/**
 * Finds out which of the undeclared loads of a record have changed. An artifact stays a hit in
 * spite of them, since nothing of them is in its address.
 */
export async function undeclaredChanges(
  store: Store,
  { provenance }: ArtifactRecord,
  signal: AbortSignal | undefined,
): Promise<readonly UndeclaredChange[]> {
  const { undeclared = [], createdAt } = provenance;
  const describe = async (load: UndeclaredLoad): Promise<UndeclaredChange[]> => {
    const change = versionChange(load) ?? (await artifactChange(store, load, createdAt, signal));
    return change === undefined ? [] : [{ name: load.name, address: load.address, change }];
  };
  return (await mapConcurrently(undeclared, describe, { concurrency: 8 })).flat();
}

function versionChange({ name, version }: UndeclaredLoad): string | undefined {
  if (!declaredVersions.has(name)) return undefined;
  const now = declaredVersions.get(name);
  return now === version ? undefined : `version ${now ?? "none"}, was ${version ?? "none"}`;
}

async function artifactChange(
  store: Store,
  { name, address, elsewhere }: UndeclaredLoad,
  madeAt: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (elsewhere === true) return undefined;
  const inspected = await inspectArtifact(store, name, address, [], signal);
  if (inspected.state !== "present") return undefined;
  const isNewer = Date.parse(inspected.record.provenance.createdAt) > Date.parse(madeAt);
  return isNewer ? "generated again since" : undefined;
}
