import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * An artifact is damaged: its record or payload is not what was written. `load` throws it and
 * touches nothing; `loadOrGenerate` sets the artifact aside under `.persistable/quarantine` and
 * generates it again.
 * Remedy: `loadOrGenerate()`, or bring the files back from a copy, and check the disk.
 *
 * @example
 * ```ts
 * import { CorruptArtifactError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof CorruptArtifactError)) throw error;
 *   console.error(error.file, error.problem);
 * }
 * ```
 */
export class CorruptArtifactError extends PersistableError {
  override readonly code = "PERSISTABLE_CORRUPT_ARTIFACT" as const;
  readonly payloadName: string;
  readonly address: string;
  /** The damaged file. */
  readonly file: string;
  readonly problem: string;

  constructor(payloadName: string, address: string, file: string, problem: string, options?: ErrorOptions) {
    super(
      `The artifact of ${visibleLine(payloadName)} is damaged: ${file} ${problem}. ` +
        "Call loadOrGenerate() to set it aside and generate it again, or bring the file back from a copy.",
      options,
    );
    this.payloadName = payloadName;
    this.address = address;
    this.file = file;
    this.problem = problem;
  }
}

/**
 * A text does not mean one artifact of a data directory: it is not an address, no artifact has it,
 * or several begin with it.
 * Remedy: give more digits of the address, or its name before them.
 *
 * @example
 * ```ts
 * import { UnresolvedArtifactError } from "persistable-ts";
 * import { openArtifact } from "persistable-ts/inspect";
 *
 * try {
 *   await openArtifact("example-data", "outlier_estimator/3f");
 * } catch (error) {
 *   if (!(error instanceof UnresolvedArtifactError)) throw error;
 *   console.error(error.text, error.matches);
 * }
 * ```
 */
export class UnresolvedArtifactError extends PersistableError {
  override readonly code = "PERSISTABLE_UNRESOLVED_ARTIFACT" as const;
  readonly text: string;
  /** If the text may mean several artifacts: the records of at most ten of them. */
  readonly matches: readonly string[];

  constructor(text: string, problem: string, matches: readonly string[] = []) {
    super(`${visibleLine(JSON.stringify(text.slice(0, 200)))} ${problem}.`);
    this.text = text;
    this.matches = matches;
  }
}

/**
 * An artifact was written in a format that this persistable does not read. A payload is
 * only ever decoded by the format that its record names.
 * Remedy: name the earlier format in `readFormats`, or `remove()` the artifact.
 *
 * @example
 * ```ts
 * import { FormatMismatchError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof FormatMismatchError)) throw error;
 *   console.error(error.recordedFormat, error.expectedFormat);
 * }
 * ```
 */
export class FormatMismatchError extends PersistableError {
  override readonly code = "PERSISTABLE_FORMAT_MISMATCH" as const;
  readonly recordedFormat: string;
  readonly expectedFormat: string;

  constructor(payloadName: string, file: string, recordedFormat: string, expectedFormat: string) {
    super(
      `The artifact of ${visibleLine(payloadName)} (${file}) was written as ${recordedFormat}, and this persistable reads ${expectedFormat}. ` +
        `Add the earlier format to its readFormats to keep loading it, or remove() it and generate it again.`,
    );
    this.recordedFormat = recordedFormat;
    this.expectedFormat = expectedFormat;
  }
}

/**
 * Several artifacts were removed or replaced so quickly, one after the other, that none could be
 * read whole. Nothing is damaged.
 * Remedy: find the process that replaces this artifact in a loop, then load again.
 *
 * @example
 * ```ts
 * import { ArtifactInFlightError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof ArtifactInFlightError)) throw error;
 *   await points.load();
 * }
 * ```
 */
export class ArtifactInFlightError extends PersistableError {
  override readonly code = "PERSISTABLE_ARTIFACT_IN_FLIGHT" as const;

  constructor(payloadName: string, file: string) {
    super(
      `The artifact of ${visibleLine(payloadName)} (${file}) was replaced or removed while it was being read. Nothing is damaged: load it again.`,
    );
  }
}
