import type { Address } from "../address/address.ts";
import type { Digest } from "../util/digest/digest.ts";
import type { PayloadSummary } from "./summary-value.ts";

/** The version of records that this release writes. A reader refuses a newer one. */
export const RECORD_VERSION = 1;
/** Records are parsed within limits, so that no file can take the process down. */
export const MAX_RECORD_BYTES = 1024 * 1024;
export const MAX_RECORD_DEPTH = 100;

/**
 * The human-readable JSON beside a payload: how it was made, what it is, who made it when. Its
 * appearance in the store is the commit of an artifact, and it vouches for every byte of the
 * payload and of itself.
 *
 * @example
 * ```ts
 * import { estimator } from "./pipeline.ts";
 *
 * const record = await estimator.record();
 * record?.params;                // { zThreshold: 2, points: { n: 100, randomState: 10 } }
 * record?.provenance.createdAt;  // "2026-11-23T08:00:00.000Z"
 * ```
 */
export interface ArtifactRecord {
  readonly address: Address;
  /** Address scheme, `persistable/1`. */
  readonly scheme: string;
  readonly name: string;
  readonly version?: string | number;
  /** Absent for draw 0. */
  readonly draw?: number;
  /**
   * The params tree: own params, and under each role that dependency's params tree. A record is a
   * recipe: given to the definition, it builds the same persistable again. A subtree that appears
   * several times is one shared object.
   */
  readonly params: Readonly<Record<string, unknown>>;
  /**
   * Keys of own params that are outside the recipe, since they have the value that was implied
   * before the definition had these params.
   */
  readonly implicitParams: readonly string[];
  /** Keys of own params that are deliberately outside the recipe. */
  readonly untrackedParams: readonly string[];
  readonly dependencies: Readonly<Record<string, RecordDependency>>;
  /** Values handed to the hooks for this one generation, outside the recipe. */
  readonly untracked?: Readonly<Record<string, unknown>>;
  /** The result of the definition's `summarize`; absent if there is none. */
  readonly summary?: PayloadSummary;
  readonly payload: RecordedPayload;
  readonly provenance: Provenance;
  /** Set by `record()` where the artifact is older than `maxAge` allows. Not stored. */
  readonly expired?: true;
}

/** A dependency as the record of its dependent names it. */
export interface RecordDependency {
  readonly name: string;
  readonly address: Address;
  readonly version?: string | number;
  readonly draw?: number;
  /** Absent if the lineage was cut, or is elsewhere in the record under the same address. */
  readonly dependencies?: Readonly<Record<string, RecordDependency>>;
}

/** The payload: its format, its digest, and where its bytes lie. */
export interface RecordedPayload {
  /** Format id, `npy`, `gzip(json)`. */
  readonly format: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** File name beside the record; absent when the payload is inside it. */
  readonly file?: string;
  /**
   * The sha256 of each chunk of 8 MiB, 32 bytes each, one after the other. Present if the payload
   * can be read in parts and has several chunks.
   */
  readonly chunks?: Uint8Array;
  /**
   * How many files the payload has, and their bytes together. Present if the payload has several
   * files: then `file` names the list of them.
   */
  readonly contents?: { readonly files: number; readonly sizeBytes: number };
  /** The payload's bytes where they are inside the record. */
  readonly inline?: Uint8Array;
}

/** When a payload was made, and what that has cost. */
export type Making = Pick<Provenance, "createdAt" | "cost">;

/** The circumstances of a generation. A field that could not be found out is absent. */
export interface Provenance {
  /** When generation ended, ISO 8601 in UTC. */
  readonly createdAt: string;
  /**
   * How long generating took, in milliseconds, without the time that was spent on generating
   * dependencies.
   */
  readonly durationMs?: number;
  /** The cost of generating it, by unit, as the generator told: `{ usd: 0.02, tokens: 1800 }`. */
  readonly cost?: Readonly<Record<string, number>>;
  /** The seed for random numbers, where the generator read it. */
  readonly seed?: number;
  readonly host?: string;
  readonly user?: string;
  readonly pid?: number;
  /** The script that was run, relative to its package. */
  readonly script?: string;
  readonly platform?: string;
  readonly node?: string;
  /** Versions of this library, the defining package, and that package's own dependencies. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly git?: { readonly commit: string; readonly dirty: boolean };
  /** The module that defines the persistable, relative to its package. */
  readonly module?: string;
  /** The fingerprint of the generator's source, on which no address depends: `sha256:<64 hex>`. */
  readonly source?: string;
  /** The loads that the generator did not declare: the address does not depend on them. */
  readonly undeclared?: readonly UndeclaredLoad[];
}

/** A payload, a map or a call that a generator loaded and that plays no role in its recipe. */
export type UndeclaredLoad = {
  readonly name: string;
  readonly address: Address;
  readonly version?: string | number;
  readonly draw?: number;
  /** Set if it is in another store than the payload that was made from it. */
  readonly elsewhere?: true;
};
