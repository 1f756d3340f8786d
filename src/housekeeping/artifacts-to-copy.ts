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
  /** Whether everything that the artifacts were made from is copied as well; `false` by default. */
  readonly withUpstream?: boolean | undefined;
  /** `false` does not copy the tags and pins of the artifacts; `true` by default. */
  readonly withTags?: boolean | undefined;
  /** Called after each artifact. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/**
 * Finds the records of the artifacts that the caller chose, and of everything that they were made
 * from.
 */
export async function artifactsToCopy(source: Store, options: CopyArtifactsOptions): Promise<readonly StorePath[]> {
  const { withUpstream = false, signal } = options;
  const isAsked = askedRecord(options);
  const listing = await listStore(source, signal);
  const found = await readStoredArtifacts(
    source,
    listing,
    ({ record, bytes, path, address, madeFrom }) => {
      // A record that cannot be read may be one that the caller wants, so it is reported.
      return { path, address, madeFrom, isWanted: record === undefined || isAsked({ record, bytes }) };
    },
    signal,
  );
  const wanted = found.filter(({ isWanted }) => isWanted);
  if (!withUpstream) return wanted.map(({ path }) => path);
  const upstream = new Set<Address>(wanted.map(({ address }) => address));
  const byAddress = new Map(found.map((one) => [one.address, one]));
  // The loop also visits the addresses that it adds to the set.
  for (const address of upstream) for (const other of byAddress.get(address)?.madeFrom ?? []) upstream.add(other);
  return found.filter(({ address }) => upstream.has(address)).map(({ path }) => path);
}

/** An object of a payload, with the size and the digest that it must have. */
export interface SizedObject {
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly digest: string;
}

/**
 * Returns the objects of a payload that lie beside its record, in the order in which they are
 * written: the list of a folder comes after its files.
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
