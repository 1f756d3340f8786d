import type { CatalogEntry } from "../../catalog/query/catalog-entry.ts";
import type { ArtifactAnswer, NameAnswer, PreviewAnswer, StoreAnswer } from "./artifact-shapes.ts";
import type { DiskAnswer, RunAnswer, RunsAnswer, TroubleAnswer, WhyAnswer } from "./drawing-shapes.ts";

/** Everything that a page in a file of its own can show: `persistable explore --export`. */
export interface ExportedData {
  /** ISO 8601 in UTC. */
  readonly exportedAt: string;
  /** The query whose artifacts were exported; empty for all of them. */
  readonly query: string;
  readonly counts: ExportCounts;
  readonly store: StoreAnswer;
  /**
   * The newest first. Their texts are as they were recorded, since queries have to find them: what
   * is shown of them is escaped when the page answers.
   */
  readonly entries: readonly CatalogEntry[];
  /** By address. */
  readonly pages: Readonly<Record<string, ExportedArtifact>>;
  readonly names: Readonly<Record<string, NameAnswer>>;
  readonly runs: RunsAnswer;
  /** By the id of the run. */
  readonly runPages: Readonly<Record<string, RunAnswer>>;
  readonly disk: DiskAnswer;
  readonly trouble: TroubleAnswer;
}

/** How much of everything is in the file: "300 of 41,000 artifacts". */
export interface ExportCounts {
  readonly artifacts: CountOf;
  /** Artifacts with a preview and everything that their record tells. */
  readonly pages: CountOf;
  readonly names: CountOf;
  readonly runs: CountOf;
}

export interface CountOf {
  readonly exported: number;
  readonly total: number;
}

/** The page of one artifact. */
export interface ExportedArtifact {
  readonly artifact: ArtifactAnswer;
  readonly preview?: PreviewAnswer;
  readonly why?: WhyAnswer;
  /** The bytes of a small picture in base64. */
  readonly picture?: { readonly mediaType: string; readonly base64: string };
}
