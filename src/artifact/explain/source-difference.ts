/** A place where the source that would generate a payload now differs from the one that has. */
export interface SourceDifference {
  /** `generator`, the path of a module, or the name of a package. */
  readonly part: string;
  /** The first line that differs, from 1; absent for a package. */
  readonly line?: number;
  /** The lines of the source that made the artifact, or the version of the package; at most 20. */
  readonly removed: readonly string[];
  /** The lines, or the version, of today; at most 20. */
  readonly added: readonly string[];
}

const MAX_SHOWN = 3;
const MAX_SHOWN_LENGTH = 60;

/** Puts differences into words, as the end of a sentence; empty if none is known. */
export function describeDifferences(differences: readonly SourceDifference[] | undefined): string {
  if (differences === undefined || differences.length === 0) return "";
  const shown = differences.slice(0, MAX_SHOWN).map(describeDifference);
  const more = differences.length - shown.length;
  return `: ${shown.join("; ")}${more === 0 ? "" : `; and ${more} more`}`;
}

function describeDifference({ part, line, removed, added }: SourceDifference): string {
  const [before, now] = [removed, added].map((lines) => shorten(lines.find((text) => text.trim() !== "") ?? "nothing"));
  return line === undefined ? `${part} ${now}, was ${before}` : `${part}, line ${line}: ${now}, was ${before}`;
}

function shorten(line: string): string {
  const text = line.trim();
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH - 1)}…` : text;
}
