import type {
  ArtifactAnswer,
  ArtifactsAnswer,
  CompareAnswer,
  FacetsAnswer,
  NameAnswer,
  PreviewAnswer,
  StoreAnswer,
  TableAnswer,
  VerifyAnswer,
} from "./shapes/artifact-shapes.ts";
import type { ArtifactRow, Window } from "./shapes/common.ts";
import type {
  CollectionAnswer,
  DiskAnswer,
  GraphAnswer,
  RunAnswer,
  RunsAnswer,
  SweepAnswer,
  TroubleAnswer,
  WhyAnswer,
} from "./shapes/drawing-shapes.ts";

export type * from "../format/preview.ts";
export type * from "./shapes/artifact-shapes.ts";
export type * from "./shapes/common.ts";
export type * from "./shapes/drawing-shapes.ts";
export type * from "./shapes/export-shapes.ts";
export type * from "./shapes/live-shapes.ts";

/**
 * The JSON API between the page and its server. Every route is a GET whose parameters are in the
 * query string; a list is the same parameter several times. An answer has status 200 and the shape
 * below, or another status and an `ErrorAnswer`.
 *
 * Every text in an answer is ready to be shown: control characters, marks of direction and what
 * else is invisible are escapes (`\u202e`). In `term`, `query` and `commands` they are escaped in
 * the way in which queries and shells read them.
 *
 * `address` is the 64 digits of an address or its first digits, at least 8. `query` is a text of
 * query terms. An unknown parameter is refused, and so is one that is too long: a query has at most
 * 4,096 characters, `columns` at most 100 fields, `a` at most 200 addresses.
 *
 * ```ts
 * type Of<Route extends keyof Routes> = Routes[Route];
 * async function ask<Route extends keyof Routes>(route: Route, asked: Of<Route>["asked"]): Promise<Of<Route>["answer"]>;
 * ```
 */
export interface Routes {
  /** The data directory, its names, the newest cursor. */
  readonly "/api/store": { readonly asked: Nothing; readonly answer: StoreAnswer };
  /** A window of the artifacts of a query. Without `columns`, the default ones are chosen. */
  readonly "/api/artifacts": {
    readonly asked: Asked<"query" | "sort" | "columns"> & Part;
    readonly answer: ArtifactsAnswer;
  };
  /** The fields of the artifacts of a query, with their values. */
  readonly "/api/facets": { readonly asked: Asked<"query">; readonly answer: FacetsAnswer };
  readonly "/api/artifact": { readonly asked: One; readonly answer: ArtifactAnswer };
  /** A window of what was made from an artifact. */
  readonly "/api/dependents": { readonly asked: One & Part; readonly answer: Window<ArtifactRow> };
  /** `file` is one of the files of a payload that is a folder. */
  readonly "/api/preview": { readonly asked: One & Asked<"file">; readonly answer: PreviewAnswer };
  /** A window of a payload that is a table; an error for any other payload. */
  readonly "/api/table": { readonly asked: One & Asked<"columns"> & Part; readonly answer: TableAnswer };
  /** Reads every byte of the payload. */
  readonly "/api/verify": { readonly asked: One; readonly answer: VerifyAnswer };
  readonly "/api/name": { readonly asked: { readonly name: string }; readonly answer: NameAnswer };
  /** `a` is the address of each artifact, 2 to 200; the first one is the base. */
  readonly "/api/compare": { readonly asked: { readonly a: readonly string[] }; readonly answer: CompareAnswer };
  /**
   * The lineage of the artifacts `of`, or of those that `query` means. `up` and `down` are how many
   * steps it goes; 1 and 0 by default. `group` is `name` or `none`, `limit` the most nodes: 300 by
   * default, at most 2,000.
   */
  readonly "/api/graph": {
    readonly asked: { readonly of?: readonly string[] } & Asked<"query" | "up" | "down" | "group" | "limit">;
    readonly answer: GraphAnswer;
  };
  readonly "/api/runs": { readonly asked: Part; readonly answer: RunsAnswer };
  readonly "/api/run": { readonly asked: { readonly id: string } & Part; readonly answer: RunAnswer };
  /** The query may choose a part of the sweep. */
  readonly "/api/sweep": { readonly asked: { readonly name: string } & Asked<"query">; readonly answer: SweepAnswer };
  /**
   * Either `address`, or `name` with any number of `param=zThreshold=5`, whose values are read like
   * those of a query: JSON if they parse, else text.
   */
  readonly "/api/why": {
    readonly asked: Asked<"address" | "name"> & { readonly param?: readonly string[] };
    readonly answer: WhyAnswer;
  };
  readonly "/api/disk": { readonly asked: Nothing; readonly answer: DiskAnswer };
  /**
   * The artifacts that a policy would remove. Its conditions are the flags of `persistable gc`:
   * `olderThan=30d`, `unusedSince=30d`, `keepLast=3`, `maxSize=10GB`, `orphans=1`,
   * `quarantine=30d`, and a query.
   */
  readonly "/api/collection": {
    readonly asked: Asked<"query" | "olderThan" | "unusedSince" | "keepLast" | "maxSize" | "orphans" | "quarantine"> &
      Part;
    readonly answer: CollectionAnswer;
  };
  readonly "/api/trouble": { readonly asked: Nothing; readonly answer: TroubleAnswer };
}

/**
 * Routes that answer with a file instead of JSON; an error is an `ErrorAnswer`, too.
 *
 * - `/api/payload`: the bytes of a payload, as an attachment.
 * - `/api/image`: a picture, whose kind its first bytes say; an error for everything else.
 * - `/api/artifacts-file`: all artifacts of a query as CSV, JSON or Markdown, as an attachment.
 * - `/api/graph-file`: a graph as Mermaid or DOT.
 *
 * @public
 */
export interface FileRoutes {
  readonly "/api/payload": One & Asked<"file">;
  readonly "/api/image": One & Asked<"file">;
  readonly "/api/artifacts-file": Asked<"query" | "sort" | "columns"> & { readonly format: "csv" | "json" | "md" };
  readonly "/api/graph-file": Omit<Routes["/api/graph"]["asked"], "group" | "limit"> & {
    readonly format: "mermaid" | "dot";
  };
}

/**
 * Routes that go on: see `StoreEvent` and `RunStreamEvent`.
 *
 * @public
 */
export interface EventRoutes {
  /** `after` is the last cursor that the page knows. */
  readonly "/api/events": Asked<"after">;
  readonly "/api/events/run": { readonly id: string } & Asked<"after">;
}

/** No parameters. */
type Nothing = Readonly<Record<string, never>>;

/** Parameters that may be absent. Several columns are `columns=a&columns=b`. */
type Asked<Key extends string> = { readonly [Name in Key]?: Name extends "columns" ? readonly string[] : string };

/** One artifact, by its address or at least 8 digits of it. */
interface One {
  readonly address: string;
}

/** The wanted rows of a list: `limit` is 100 by default, and at most 100 (2,000 in `/api/run`). */
interface Part {
  readonly offset?: number;
  readonly limit?: number;
}
