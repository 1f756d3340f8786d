import type { Address } from "../../address/address.ts";
import type { StoreError } from "../../errors/store-errors.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import type { ArtifactRecord, Making } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";

/** The artifact that a reader asks for, and all that is needed to find and decode it. */
export interface WantedArtifact {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  /** The format of the persistable comes first, then those that it can also read. */
  readonly formats: readonly [Format, ...Format[]];
  readonly classes: readonly ClassCodec[];
  readonly limits: DecodeLimits;
  readonly signal: AbortSignal | undefined;
  /** The caller needs this besides the payload: finding it costs time at each hit. */
  readonly needs?: "making" | "record" | undefined;
}

/**
 * The outcome of a read. Only `missing` and `damaged` may lead to generating the payload again;
 * every other trouble is thrown as an error.
 */
export type ReadOutcome =
  | {
      readonly state: "present";
      readonly payload: unknown;
      readonly record: ArtifactRecord | undefined;
      readonly source: string | undefined;
      /** Present if the caller asked for it. */
      readonly making?: Making | undefined;
    }
  | { readonly state: "missing" }
  | DamagedArtifact;

/**
 * An artifact that was judged damaged, with the evidence, so that exactly this one is set aside.
 */
export interface DamagedArtifact {
  readonly state: "damaged";
  readonly file: StorePath;
  readonly problem: string;
  /** The record's bytes as they were when the artifact was judged. */
  readonly recordBytes: Uint8Array;
  /**
   * Set if every byte is as it was written, and the payload is useless all the same. An equal
   * record in another layer of the store would not help then.
   */
  readonly isAsWritten?: boolean | undefined;
  /** Set if another layer of the store may have the artifact whole, but did not answer. */
  readonly failure?: StoreError | undefined;
}

/**
 * Records and payload files up to this size are read synchronously; bigger ones through the thread
 * pool. Reading 100 kB from a warm disk takes less time than one trip through that pool, and the
 * records of model calls hold whole prompts.
 */
export const SYNC_BYTES = 256 * 1024;
