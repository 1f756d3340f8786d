/**
 * Bounds on what a preview reads and returns; all are set by default, see `defaultPreviewLimits`.
 */
export interface PreviewLimits {
  /** Of text in the preview, in bytes. */
  readonly maxBytes: number;
  /**
   * How long statistics may be worked out, in milliseconds. What is decoded is bounded by
   * `maxReadBytes`.
   */
  readonly maxMs: number;
  /**
   * Of the payload that is read. What can only be decoded whole and is larger is shown as bytes.
   */
  readonly maxReadBytes: number;
  readonly maxRows: number;
  readonly maxColumns: number;
  /** Children of one array, object or map. */
  readonly maxChildren: number;
  /** Lines of a text: as many from its beginning, and as many from its end. */
  readonly maxLines: number;
}

/**
 * What a payload looks like, as plain data that JSON holds; `kind` says how to show it. Each says
 * how
 * much of how much it shows. No text in it moves the cursor of a terminal: control characters are
 * written as `\u001b`.
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

/** A column, and what is known of its values. */
export interface ColumnPreview {
  readonly name: string;
  readonly type: string;
  readonly statistics: ColumnStatistics;
}

/** What is known of some values. */
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
  /** Of its numbers: `float64`, `uint8`. */
  readonly type: string;
  readonly shape: readonly number[];
  /** How many numbers the array has. */
  readonly count: number;
  readonly statistics: ColumnStatistics;
  /** The first numbers. */
  readonly values: readonly string[];
  /**
   * Numbers at even distances: one row, or for two dimensions several. `null` for NaN and
   * infinities.
   */
  readonly samples: readonly (readonly (number | null)[])[];
}

/** A value with what is in it. */
export interface TreePreview {
  readonly kind: "tree";
  readonly root: PreviewNode;
  /** Whether something was left out for want of room. */
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
  /** The last lines, where `head` does not reach to the end. */
  readonly tail: readonly string[];
  /** Absent where the text was not read whole. */
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
  /** Of all files together. */
  readonly totalBytes: number;
}

/** The first bytes of what cannot be shown in another way. */
export interface HexPreview {
  readonly kind: "hex";
  /** Two digits for each byte. */
  readonly hex: string;
  readonly shownBytes: number;
  readonly totalBytes: number;
  /** Why it is not shown in another way, and what would be needed. */
  readonly problem?: string;
}

/** What is enough for one screen, and is ready before a reader notices. */
export const defaultPreviewLimits: PreviewLimits = Object.freeze({
  maxBytes: 256 * 1024,
  maxMs: 200,
  maxReadBytes: 4 * 1024 * 1024,
  maxRows: 200,
  maxColumns: 100,
  maxChildren: 100,
  maxLines: 500,
});
