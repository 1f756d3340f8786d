import type { Address } from "../../address/address.ts";
import type { JsonObject } from "../../canonical/tagged-json.ts";

/**
 * Everything that a catalogue knows of one artifact, as plain data: it is the same in the API, in
 * `--json` of the command line and in the explorer. Values that JSON lacks have a tag, as in
 * records: `{ $date: "2026-11-23T08:00:00.000Z" }`, `{ $number: "NaN" }`.
 */
export interface CatalogEntry {
  readonly address: Address;
  readonly name: string;
  /**
   * `present` has a record. For all other states, `problem` says more: `failed` has a note of a run
   * that could not generate it, `damaged` has a record that is not what was written, and `newer`
   * has a record that only a newer release of this library can read.
   */
  readonly state: "present" | "failed" | "damaged" | "newer";
  /** The params tree: under each role, roles first, the params of that dependency. */
  readonly params: JsonObject;
  readonly summary: JsonObject;
  /** When generation ended, or when it failed: ISO 8601 in UTC. */
  readonly createdAt?: string;
  readonly durationMs?: number;
  /** The cost by unit: `{ usd: 0.02 }`. */
  readonly cost?: Readonly<Record<string, number>>;
  /** The bytes of the payload, with those of all its files. */
  readonly sizeBytes?: number;
  /** Format id, `npy`, `gzip(json)`. */
  readonly format?: string;
  readonly version?: string | number;
  /** Absent for draw 0. */
  readonly draw?: number;
  /** The artifacts from which it was directly made, by role. */
  readonly dependencies: Readonly<Record<string, { readonly name: string; readonly address: Address }>>;
  /** The error of a failure, or what is wrong with the record. */
  readonly problem?: string;
}
