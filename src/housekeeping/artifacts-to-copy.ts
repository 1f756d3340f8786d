import type { Address } from "../address/address.ts";
import { payloadBeside } from "../artifact/layout/payload-objects.ts";
import { CorruptArtifactError } from "../errors/artifact-errors.ts";
import type { FoundRecord } from "../inspect/find-record.ts";
import type { PayloadObject } from "../inspect/payload-object.ts";
import { filesOf } from "../layered/artifact-puller.ts";
import type { Store, StoreCallOptions, StorePath } from "../store/store.ts";
import { type AskedArtifacts, askedRecord } from "./asked-record.ts";
import type { CopyProgress } from "./copied-artifact.ts";
import { listStore, readStoredArtifacts } from "./stored-artifacts.ts";

/** Options of `copyArtifacts` and `exportArtifacts`. */
export interface CopyArtifactsOptions extends StoreCallOptions, AskedArtifacts {
  /** Copies everything that they were made from as well. */
  readonly withUpstream?: boolean | undefined;
  /** `false` leaves their tags and pins behind. */
  readonly withTags?: boolean | undefined;
  /** Called after each artifact. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** The records of the artifacts that were asked for, and of what they were made from. */
export async function artifactsToCopy(source: Store, options: CopyArtifactsOptions): Promise<readonly StorePath[]> {
  const { withUpstream = false, signal } = options;
  const isAsked = askedRecord(options);
  const listing = await listStore(source, signal);
  const found = await readStoredArtifacts(
    source,
    listing,
    ({ record, bytes, path, address, madeFrom }) => {
      // A record that cannot be read may be one of those, and is told of.
      return { path, address, madeFrom, isWanted: record === undefined || isAsked({ record, bytes }) };
    },
    signal,
  );
  const wanted = found.filter(({ isWanted }) => isWanted);
  if (!withUpstream) return wanted.map(({ path }) => path);
  const upstream = new Set<Address>(wanted.map(({ address }) => address));
  const byAddress = new Map(found.map((one) => [one.address, one]));
  // What is added to a set while it is walked is visited too.
  for (const address of upstream) for (const other of byAddress.get(address)?.madeFrom ?? []) upstream.add(other);
  return found.filter(({ address }) => upstream.has(address)).map(({ path }) => path);
}

/** An object of a payload, with what it must be. */
export interface SizedObject {
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly digest: string;
}

/**
 * The objects of a payload that lie beside its record, in the order in which they are written: of a
 * folder, the list after its files.
 *
 * @throws {@link CorruptArtifactError}, a StoreError
 */
export async function objectsBeside(
  path: StorePath,
  { record, bytes }: FoundRecord,
  payload: PayloadObject,
): Promise<readonly SizedObject[]> {
  if (record.payload.file === undefined) return [];
  const refuse = (problem: string) => new CorruptArtifactError(record.name, record.address, path, problem);
  const beside = payloadBeside(path, bytes);
  if (beside === undefined) throw refuse("does not say where its payload is");
  if (beside.filesFolder === undefined) return [beside];
  const files = filesOf(beside.filesFolder, await payload.read(undefined));
  if (files === undefined) throw refuse("names a list of files that cannot be read");
  return [...files, beside];
}
