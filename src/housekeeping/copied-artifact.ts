import { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { NewerRecordError } from "../errors/record-errors.ts";

/** How far a copy is. */
export interface CopyProgress {
  readonly artifact: CopiedArtifact;
  readonly done: number;
  readonly total: number;
}

/** The outcome for one artifact. */
export interface CopiedArtifact {
  /** The path of its record in both stores; of a problem with a tag, the path of that. */
  readonly path: string;
  /**
   * - `present`: the destination had the same;
   * - `different`: the destination has another payload of the same recipe, or the tag on another
   *   artifact, which stays;
   * - `damaged`, `newer`: it cannot be verified, and was not copied.
   */
  readonly outcome: "copied" | "present" | "different" | "damaged" | "newer";
  /** Why the artifact or the tag was not copied. */
  readonly problem?: string;
}

/** The outcome of `copyArtifacts`, `exportArtifacts` or `importArtifacts`. */
export interface CopyReport {
  readonly copied: number;
  readonly present: number;
  /** How many tags and pins were copied to the destination. */
  readonly tags: number;
  /** Every artifact that is not in the destination as it is in the source. */
  readonly problems: readonly CopiedArtifact[];
}

export function differentArtifact(path: string): CopiedArtifact {
  return { path, outcome: "different", problem: "the destination has another payload of the same recipe" };
}

/**
 * Returns the outcome for an artifact that caused an error; `undefined` if it was removed
 * meanwhile.
 */
export function judgeFailure(error: unknown, path: string): CopiedArtifact | undefined | "unknown" {
  if (error instanceof UnresolvedArtifactError) return undefined;
  if (error instanceof CorruptArtifactError)
    return { path, outcome: "damaged", problem: `${error.file} ${error.problem}` };
  if (error instanceof NewerRecordError) return { path, outcome: "newer", problem: error.message };
  return "unknown";
}

/** Counts the outcomes of a copy, and reports each to the caller. */
export class CopyCounter {
  readonly #problems: CopiedArtifact[] = [];
  readonly #counts = { copied: 0, present: 0, tags: 0 };
  readonly #total: number;
  readonly #onProgress: ((progress: CopyProgress) => void) | undefined;
  #done = 0;

  constructor(total: number, onProgress: ((progress: CopyProgress) => void) | undefined) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** @param artifact - `undefined` for one that was removed meanwhile */
  add(artifact: CopiedArtifact | undefined): void {
    this.#done += 1;
    if (artifact === undefined) return;
    const { outcome } = artifact;
    if (outcome === "copied" || outcome === "present") this.#counts[outcome] += 1;
    else this.addProblem(artifact);
    this.#onProgress?.({ artifact, done: this.#done, total: this.#total });
  }

  addProblem(problem: CopiedArtifact): void {
    this.#problems.push(problem);
  }

  addTag(): void {
    this.#counts.tags += 1;
  }

  report(): CopyReport {
    return { ...this.#counts, problems: this.#problems };
  }
}
