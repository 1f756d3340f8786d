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
 *
 * @public
 */
export type RunStreamEvent =
  | {
      readonly type: "event";
      readonly cursor: number;
      /** An event of the run as `watchRun` yields it: `planned`, `started`, `generated`, … */
      readonly event: { readonly type: string; readonly atMs: number; readonly [field: string]: Json };
    }
  | { readonly type: "end"; readonly cursor: number; readonly state: "completed" | "failed" | "cancelled" | "killed" };
