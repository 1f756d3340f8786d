import type { Json } from "./common.ts";

/**
 * A server-sent event of `GET /api/events`: `event` is the type, `data` is this as JSON, and `id`
 * is the cursor. A browser that connects again sends the last id by itself.
 */
export type StoreEvent =
  /** The first event of every connection. */
  | { readonly type: "hello"; readonly cursor: string }
  /** The answer to a cursor that the server does not know: load everything again. */
  | { readonly type: "reset"; readonly cursor: string }
  | {
      readonly type: "changed";
      readonly cursor: string;
      readonly added: number;
      readonly removed: number;
      /** The first of them, at most 100 each. A replaced artifact is in both. */
      readonly addedAddresses: readonly string[];
      readonly removedAddresses: readonly string[];
      readonly names: readonly string[];
    }
  /** Runs that began, went on or ended. */
  | { readonly type: "runs"; readonly cursor: string }
  /** The data directory cannot be read any more, for instance since it was deleted. */
  | { readonly type: "lost"; readonly cursor: string; readonly problem: string }
  /** The data directory can be read again: load everything again. */
  | { readonly type: "found"; readonly cursor: string };

/**
 * A server-sent event of `GET /api/events/run?id=…&after=…`: an event of the run with its cursor as
 * `id`, or `end` when no more will come.
 */
export type RunStreamEvent =
  | {
      readonly type: "event";
      readonly cursor: number;
      /** An event of the run as `watchRun` yields it: `planned`, `started`, `generated`, … */
      readonly event: { readonly type: string; readonly atMs: number; readonly [field: string]: Json };
    }
  | { readonly type: "end"; readonly cursor: number; readonly state: "completed" | "failed" | "cancelled" | "killed" };

/**
 * The data inside `<script type="application/json" id="persistable-export">` of a page that
 * `persistable explore --export` wrote. `answerFromExport` of `export/answer-from-export.ts` gives
 * the answers of the routes from it. Answers that need payloads, runs or the disk are missing: it
 * rejects with the code `EXPLORER_NOT_EXPORTED`, and the page says so.
 */
export interface ExportFile {
  readonly export: 1;
  /** The version of persistable-ts. */
  readonly version: string;
  /** ISO 8601 */
  readonly madeAt: string;
  readonly url: string;
  /** The query that chose the artifacts; empty for all. */
  readonly query: string;
  /** How many artifacts the query means; `count` of them, the newest, are in the file. */
  readonly total: number;
  readonly count: number;
  /** The fields of all artifacts, each as a whole column. */
  readonly columns: readonly ExportColumn[];
  /** Whole answers by route and query, `/api/runs?offset=0&limit=100`, in the order of `Routes`. */
  readonly answers: Readonly<Record<string, Json>>;
}

/** One field of all exported artifacts. */
export interface ExportColumn {
  readonly kind: "fact" | "params" | "summary" | "cost" | "dependencyName" | "dependencyAddress";
  /** The keys that lead to the value. */
  readonly keys: readonly string[];
  /** The distinct values. */
  readonly values: readonly Json[];
  /**
   * For each artifact the index of its value plus one, 0 for none: Uint32, little-endian, base64.
   */
  readonly codes: string;
}
