/**
 * Bounds on what a preview reads and returns; all are set by default, see `defaultPreviewLimits`.
 */
export interface PreviewLimits {
  /** The most bytes of text in the preview. */
  readonly maxBytes: number;
  /**
   * How many milliseconds may be spent on statistics. The time for decoding is bounded by
   * `maxReadBytes`.
   */
  readonly maxMs: number;
  /**
   * The most bytes of the payload that are read. A larger payload that can only be decoded whole is
   * shown as bytes.
   */
  readonly maxReadBytes: number;
  /** The most rows of a table that are shown. */
  readonly maxRows: number;
  /** The most columns of a table that are shown. */
  readonly maxColumns: number;
  /** The most children that are shown of one array, object or map. */
  readonly maxChildren: number;
  /** The most lines of a text that are shown from its beginning, and the most from its end. */
  readonly maxLines: number;
}

/**
 * A preview of a payload, as plain data that JSON can hold. `kind` says how to show it. Each kind
 * says how much of the payload it shows. Its texts cannot move the cursor of a terminal: control
 * characters are written as `\u001b`.
 */
export type Preview =
  | TablePreview
  | ArrayPreview
  | TreePreview
  | TextPreview
  | ImagePreview
  | FilesPreview
  | HexPreview;

/** The first rows of a table. */
export interface TablePreview {
  readonly kind: "table";
  readonly columns: readonly ColumnPreview[];
  /** How many columns the table has. */
  readonly columnCount: number;
  /** The first rows: each cell as text, `null` where there is no value. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many rows the table has; absent where only its beginning was read. */
  readonly rowCount?: number;
}

/** A column, with statistics of its values. */
export interface ColumnPreview {
  readonly name: string;
  readonly type: string;
  readonly statistics: ColumnStatistics;
}

/** Statistics of some values. */
export interface ColumnStatistics {
  /** How many values were looked at, from the first on. */
  readonly count: number;
  /** How many of them are null, absent or NaN. */
  readonly missing: number;
  readonly min?: string;
  readonly max?: string;
  readonly mean?: number;
  /** How many of them lie in each of 20 steps from `min` to `max`. */
  readonly histogram?: readonly number[];
}

/** An array of numbers. */
export interface ArrayPreview {
  readonly kind: "array";
  /** The type of its numbers: `float64`, `uint8`. */
  readonly type: string;
  readonly shape: readonly number[];
  /** How many numbers the array has. */
  readonly count: number;
  readonly statistics: ColumnStatistics;
  /** The first numbers. */
  readonly values: readonly string[];
  /**
   * Numbers at even distances: one row, or several for two dimensions. NaN and infinities are
   * `null`.
   */
  readonly samples: readonly (readonly (number | null)[])[];
}

/** A value with its children. */
export interface TreePreview {
  readonly kind: "tree";
  readonly root: PreviewNode;
  /** Whether something was left out because of the limits. */
  readonly isCut: boolean;
}

/** One value in a tree. */
export interface PreviewNode {
  /** `number`, `string`, `Map`, `Float64Array`, or the name of a class. */
  readonly type: string;
  /** The value, or its beginning. */
  readonly text?: string;
  /** The first children. */
  readonly children?: readonly { readonly key: string; readonly value: PreviewNode }[];
  /** How many children there are. */
  readonly childCount?: number;
}

/** The beginning and the end of a text. */
export interface TextPreview {
  readonly kind: "text";
  readonly head: readonly string[];
  /** The last lines, or none if `head` reaches the end. */
  readonly tail: readonly string[];
  /** How many lines the text has; absent if not all of it was read. */
  readonly lineCount?: number;
  readonly shownBytes: number;
  readonly totalBytes: number;
}

/** A picture, recognized by its first bytes. The caller reads its bytes to show it. */
export interface ImagePreview {
  readonly kind: "image";
  readonly mediaType: "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif";
  readonly totalBytes: number;
  readonly width?: number;
  readonly height?: number;
}

/** The files of a payload that is a folder. */
export interface FilesPreview {
  readonly kind: "files";
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly digest: string }[];
  readonly fileCount: number;
  /** The size of all files together. */
  readonly totalBytes: number;
}

/** The first bytes of a payload that cannot be shown in another way. */
export interface HexPreview {
  readonly kind: "hex";
  /** Two digits for each byte. */
  readonly hex: string;
  readonly shownBytes: number;
  readonly totalBytes: number;
  /** The reason why the payload is shown as bytes, and what is needed to show it in another way. */
  readonly problem?: string;
}

/**
 * Limits for a preview that fits on one screen, and is ready before a reader notices.
 *
 * @example
 * ```ts
 * import { defaultPreviewLimits, openArtifact } from "persistable-ts/inspect";
 *
 * const artifact = await openArtifact("example-data", "outlier_estimator/3f9a1c2e");
 * await artifact.preview({ maxRows: defaultPreviewLimits.maxRows * 2 });
 * ```
 */
export const defaultPreviewLimits: PreviewLimits = Object.freeze({
  maxBytes: 256 * 1024,
  maxMs: 200,
  maxReadBytes: 4 * 1024 * 1024,
  maxRows: 200,
  maxColumns: 100,
  maxChildren: 100,
  maxLines: 500,
});
