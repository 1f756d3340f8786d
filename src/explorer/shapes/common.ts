/** A value as JSON. What JSON lacks has a tag: `{ $date: "2026-11-23T08:00:00.000Z" }`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * - `present`: there is a whole record.
 * - `failed`: a run could not generate it.
 * - `damaged`: its record is not what was written.
 * - `newer`: only a newer release can read its record.
 * - `missing`: other artifacts were made from it, and it is not there any more.
 */
export type ArtifactState = "present" | "failed" | "damaged" | "newer" | "missing";

/** How many artifacts there are in each state; states without an artifact are absent. */
export type StateCounts = { readonly [State in ArtifactState]?: number };

/**
 * A part of a list. No answer has more than 100 rows of a list; drawings have limits of their own,
 * which the answer names. Everything that is cut says how much there is.
 */
export interface Window<Row> {
  /** How many rows there are without a limit. */
  readonly total: number;
  /** The number of rows before the first one in `rows`. */
  readonly offset: number;
  readonly rows: readonly Row[];
}

/** An artifact that another one refers to. */
export interface ArtifactLink {
  /** The 64 digits of its address. */
  readonly address: string;
  readonly name: string;
  readonly state: ArtifactState;
}

/** An artifact as a row of a list. */
export interface ArtifactRow extends ArtifactLink {
  /** ISO 8601 in UTC: when generation ended, or when it failed. */
  readonly createdAt?: string;
  readonly durationMs?: number;
  readonly sizeBytes?: number;
  readonly format?: string;
  readonly version?: string | number;
  /** Absent for draw 0. */
  readonly draw?: number;
  /** The error of a failure, or what is wrong with a record. */
  readonly problem?: string;
  /**
   * The values of the columns that the answer lists, by field. A field without a value is absent.
   */
  readonly values: Readonly<Record<string, Json>>;
}

/** The text that a user can type to get the same as the page shows. */
export interface Commands {
  /** A line for a shell: `persistable ls 'estimator zThreshold>1' --sort zThreshold`. */
  readonly shell: string;
  /** A program, or a part of one. */
  readonly typescript: string;
}

/** The body of every answer whose status is not 2xx. */
export interface ErrorAnswer {
  readonly error: {
    /** `PERSISTABLE_INVALID_QUERY`, `EXPLORER_NOT_FOUND`: see `docs/explorer.md`. */
    readonly code: string;
    readonly message: string;
    /** The next step. */
    readonly hint: string;
    /** For a query: the index of the character at which it is wrong. */
    readonly position?: number;
  };
}
