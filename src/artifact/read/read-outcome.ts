import type { Address } from "../../address/address.ts";
import type { StoreError } from "../../errors/store-errors.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";

/** What a reader knows of the artifact that it asks for. */
export interface WantedArtifact {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  /** The format of the persistable first, then those that it can also read. */
  readonly formats: readonly [Format, ...Format[]];
  readonly classes: readonly ClassCodec[];
  readonly limits: DecodeLimits;
  readonly signal: AbortSignal | undefined;
}

/** The outcome of a read. Only missing and corrupt may lead to generating anew; every other trouble is an error. */
export type ReadOutcome =
  | {
      readonly state: "present";
      readonly payload: unknown;
      readonly record: ArtifactRecord | undefined;
      readonly source: string | undefined;
    }
  | { readonly state: "missing" }
  | DamagedArtifact;

/** What was judged damaged: the evidence goes with it, so that exactly this is set aside. */
export interface DamagedArtifact {
  readonly state: "damaged";
  readonly file: StorePath;
  readonly problem: string;
  /** The record's bytes at the moment of judging. */
  readonly recordBytes: Uint8Array;
  /** Every byte is what was written, and it is of no use all the same: a copy of it would be none, either. */
  readonly isAsWritten?: boolean | undefined;
  /** Set where another layer of the store may have it whole, and did not answer. */
  readonly failure?: StoreError | undefined;
}

/** Small objects are read at once; bigger ones through the thread pool. */
export const SYNC_READ_BYTES = 64 * 1024;
