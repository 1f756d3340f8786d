import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * A record, of an artifact or of a failure, was written by a newer release, and this one does not
 * guess what it means. Nothing was changed.
 * Remedy: update persistable-ts.
 *
 * @example
 * ```ts
 * import { NewerRecordError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.record();
 * } catch (error) {
 *   if (!(error instanceof NewerRecordError)) throw error;
 *   console.error(error.file, error.recordVersion);
 * }
 * ```
 */
export class NewerRecordError extends PersistableError {
  override readonly code = "PERSISTABLE_NEWER_RECORD" as const;
  readonly file: string;
  /** The record's version number, or whatever else in it this release does not know. */
  readonly recordVersion: unknown;

  /** @param what - what this release does not know, if it is not the version number */
  constructor(
    file: string,
    recordVersion: unknown,
    what = `record version ${JSON.stringify(recordVersion)}, and this release reads 1`,
  ) {
    super(
      `${file} was written by a newer release of persistable-ts (${what}). ` +
        "Update persistable-ts to read it; it was left untouched.",
    );
    this.file = file;
    this.recordVersion = recordVersion;
  }
}

/**
 * A pack of a map was written by a newer release. Its contents are unknown, so nothing of
 * the map is loaded, generated or put together. Nothing was changed. Remedy: update persistable-ts.
 *
 * @example
 * ```ts
 * import { NewerPackError } from "persistable-ts";
 * import { chunks, embeddings } from "./pipeline.ts";
 *
 * try {
 *   await embeddings({ model: "small" }).load(chunks);
 * } catch (error) {
 *   if (!(error instanceof NewerPackError)) throw error;
 *   console.error(error.file, error.packVersion);
 * }
 * ```
 */
export class NewerPackError extends PersistableError {
  override readonly code = "PERSISTABLE_NEWER_PACK" as const;
  readonly file: string;
  readonly packVersion: unknown;

  constructor(file: string, packVersion: unknown) {
    super(
      `${file} was written by a newer release of persistable-ts (pack version ${JSON.stringify(packVersion)}; this release reads pack version 1). ` +
        "Update persistable-ts to read it; it was left untouched.",
    );
    this.file = file;
    this.packVersion = packVersion;
  }
}

/**
 * The params tree of an artifact is too large or too deeply nested for its record (1 MiB of JSON,
 * depth 100), found before anything was generated.
 * Remedy: pass bulky values as a dependency or as a typed array, of which the record keeps only the
 * digest.
 *
 * @example
 * ```ts
 * import { RecordTooLargeError } from "persistable-ts";
 * import { network } from "./pipeline.ts";
 *
 * try {
 *   await network({ layers: Array.from({ length: 1_000_000 }, (_, i) => i) }).payload;
 * } catch (error) {
 *   if (!(error instanceof RecordTooLargeError)) throw error;
 *   console.error(error.payloadName);
 * }
 * ```
 */
export class RecordTooLargeError extends PersistableError {
  override readonly code = "PERSISTABLE_RECORD_TOO_LARGE" as const;
  readonly payloadName: string;

  constructor(payloadName: string, what: string, options?: ErrorOptions) {
    super(
      `The record of ${visibleLine(payloadName)} ${what}. Params are for what defines a payload: make bulky values ` +
        "a dependency of their own, or a typed array, of which the record keeps only the digest.",
      options,
    );
    this.payloadName = payloadName;
  }
}
