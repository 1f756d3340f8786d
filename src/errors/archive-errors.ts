import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * A file is not an archive that `exportArtifacts` wrote, or was cut short or changed since. Nothing
 * of it was imported.
 * Remedy: get the file again from where it was made, and do not import it if you do not know who
 * made it.
 *
 * @example
 * ```ts
 * import { InvalidArchiveError } from "persistable-ts";
 * import { importArtifacts } from "persistable-ts/housekeeping";
 *
 * try {
 *   await importArtifacts("study.tar", "example-data");
 * } catch (error) {
 *   if (!(error instanceof InvalidArchiveError)) throw error;
 *   console.error(error.file, error.entry, error.problem);
 * }
 * ```
 */
export class InvalidArchiveError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_ARCHIVE" as const;
  readonly file: string;
  /** The path inside the archive; absent if the problem is not that of one entry. */
  readonly entry: string | undefined;
  readonly problem: string;

  constructor(file: string, entry: string | undefined, problem: string, options?: ErrorOptions) {
    const where = entry === undefined ? "it" : visibleLine(entry.slice(0, 300));
    super(
      `${visibleLine(file)} cannot be imported: ${where} ${visibleLine(problem)}. ` +
        "Get the file again from where exportArtifacts wrote it.",
      options,
    );
    this.file = file;
    this.entry = entry;
    this.problem = problem;
  }
}
