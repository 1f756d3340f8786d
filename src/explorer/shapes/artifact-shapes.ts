import type { Preview } from "../../format/preview.ts";
import type { ArtifactLink, ArtifactRow, Commands, Json, Window } from "./common.ts";

/** The data directory, for the top bar and the first page. */
export interface StoreAnswer {
  /** The version of persistable-ts. */
  readonly version: string;
  /** The URL of the data directory. */
  readonly url: string;
  /** The data directory as the user has written it. */
  readonly shownAs: string;
  /** Set while the data directory cannot be read, with the reason. */
  readonly problem?: string;
  /** The cursor of the newest change: what `/api/events` takes as `after`. */
  readonly cursor: string;
  /** How many artifacts there are, in all states. */
  readonly total: number;
  /** In alphabetical order. */
  readonly names: Window<NameCount>;
  /** The query with which the command was started; it may be empty. */
  readonly startQuery: string;
}

/** One name, with its number of artifacts. */
export interface NameCount {
  readonly name: string;
  readonly artifacts: number;
}

/** The artifacts that a query means: a window of them. */
export interface ArtifactsAnswer extends Window<ArtifactRow> {
  /** The query as it was understood, in its usual form. */
  readonly query: string;
  /** How many artifacts the data directory has: "286 of 1,000,000". */
  readonly all: number;
  /** `-created`, `zThreshold`; empty for the newest first. */
  readonly sort: string;
  /** The fields in `values` of the rows: those that were asked for, or else the default ones. */
  readonly columns: readonly string[];
  readonly commands: Commands;
}

/** The fields of the artifacts that a query means. */
export interface FacetsAnswer {
  /** How many artifacts the query means. */
  readonly total: number;
  /** The facts first, then params, summary and cost. */
  readonly facets: readonly FacetShape[];
  /** How many fields there are; `facets` has at most 500 of them. */
  readonly fieldCount: number;
  /** The params, summaries and costs that vary, those with the most values first. */
  readonly varying: readonly string[];
  /** Those that have the same value everywhere, and are hidden for that reason. */
  readonly constants: readonly { readonly field: string; readonly value: Json }[];
  /** At most 12 of `varying`: the columns that a table shows at first. */
  readonly defaultColumns: readonly string[];
}

/** The values of one field. */
export interface FacetShape {
  /** The field as queries write it: `points.n`, `summary.k`, `created`. */
  readonly field: string;
  readonly kind: "fact" | "params" | "summary" | "cost";
  /** How many artifacts have a value. */
  readonly count: number;
  /** How many different values there are. */
  readonly distinct: number;
  /** Set where counting ended: there are more different values than `distinct`. */
  readonly isDistinctCut?: boolean;
  /** Whether all artifacts of the query have the same value. */
  readonly isConstant: boolean;
  /** The most frequent values first, at most 50. Empty where counting ended. */
  readonly values: readonly FacetValue[];
  /** The sum of the numbers; absent without a number. */
  readonly sum?: number;
  /** Present if there are numbers or times among the values. */
  readonly histogram?: Histogram;
}

/** One value of a field. */
export interface FacetValue {
  readonly value: Json;
  readonly count: number;
  /** The term that means this value, ready to be added to a query: `zThreshold=2`. */
  readonly term: string;
}

/** Numbers, or times in milliseconds since the epoch, in at most 50 bins of equal width. */
export interface Histogram {
  readonly isTime: boolean;
  readonly min: number;
  readonly max: number;
  readonly bins: readonly number[];
}

/** Everything about one artifact but its payload. */
export interface ArtifactAnswer {
  readonly artifact: ArtifactRow;
  /** The params tree, roles first, with tags for what JSON lacks. Empty without a record. */
  readonly params: { readonly [key: string]: Json };
  /** The keys of params that are outside the recipe. */
  readonly untracked: readonly string[];
  readonly summary: { readonly [key: string]: Json };
  readonly cost: Readonly<Record<string, number>>;
  /** The circumstances of its generation, as the record tells them. */
  readonly provenance: { readonly [key: string]: Json };
  /** Absent without a readable record. */
  readonly payload?: PayloadFacts;
  /** The record as it lies in the store, formatted; cut to 256 kB. */
  readonly record?: { readonly text: string; readonly totalBytes: number };
  /** The artifacts that it was made from, by role. */
  readonly madeFrom: readonly (ArtifactLink & { readonly role: string })[];
  /** The artifacts that its generator loaded without declaring them. */
  readonly undeclared: readonly ArtifactLink[];
  /** The number of artifacts that were made from it: `/api/dependents` lists them. */
  readonly usedBy: number;
  /** Tags, and `pinned`. */
  readonly tags: readonly string[];
  readonly isPinned: boolean;
  readonly commands: ArtifactCommands;
}

export interface ArtifactCommands extends Commands {
  /** `persistable cat estimator/3f9a1c2e` */
  readonly cat: string;
  readonly why: string;
  readonly graph: string;
  /** `persistable ls estimator zThreshold=2`: what has the same params. */
  readonly find: string;
  /** A program that opens it without its definition. */
  readonly open: string;
}

/** The facts of a payload, as the record tells them. */
export interface PayloadFacts {
  readonly format: string;
  readonly sizeBytes: number;
  readonly digest: string;
  /** Absent when the payload is inside the record. */
  readonly file?: string;
  /** For a payload of several files. */
  readonly files?: number;
  /** The path of `/api/payload` for this payload, to download it; absent in an exported page. */
  readonly download?: string;
}

/** A payload as it looks. */
export interface PreviewAnswer {
  /** The payload that is shown, with the digest that was verified. */
  readonly address: string;
  /** Set for one file of a payload that is a folder. */
  readonly file?: string;
  readonly preview: Preview;
  /** For a picture: the path of `/api/image`, for an `<img>`. */
  readonly image?: string;
  readonly tookMs: number;
}

/** Some columns and rows of a payload that is a table. */
export interface TableAnswer extends Window<readonly (string | null)[]> {
  /** The columns of the rows, in their order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The number of columns that the table has; `columns` has at most 100. */
  readonly columnCount: number;
}

/** The outcome of reading every byte of a payload. */
export interface VerifyAnswer {
  readonly isIntact: boolean;
  readonly damaged: readonly { readonly path: string; readonly problem: string }[];
  readonly tookMs: number;
}

/** All about the artifacts of one name together. */
export interface NameAnswer {
  readonly name: string;
  readonly total: number;
  /** Counts of states, versions, formats. */
  readonly facets: FacetsAnswer;
  /** Sum over all artifacts of the name, as far as records tell. */
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly cost: Readonly<Record<string, number>>;
  /** Durations and sizes over time: the newest 2,000 artifacts, the oldest first. */
  readonly history: Window<{
    readonly address: string;
    readonly createdAt: string;
    readonly durationMs?: number;
    readonly sizeBytes?: number;
    readonly state: ArtifactRow["state"];
  }>;
  /** The newest failures, at most 100. */
  readonly failures: Window<ArtifactRow>;
  /** The last lines of its log, at most 100; empty without a log. */
  readonly logTail: readonly string[];
  readonly commands: Commands;
}

/** Artifacts side by side. */
export interface CompareAnswer {
  /** In the order of the request, at most 200; the first one is the base. */
  readonly artifacts: readonly ArtifactRow[];
  /** Addresses that mean no artifact with a readable record. */
  readonly left: readonly { readonly text: string; readonly problem: string }[];
  readonly rows: readonly CompareRow[];
  /** How many rows there are; at most 5,000 are in `rows`, those that differ first. */
  readonly total: number;
  readonly differing: number;
  readonly commands: Commands;
}

/** One field of the records that are compared. */
export interface CompareRow {
  /** `params.points.n`, `summary.k`, `payload.digest`, `provenance.git.commit`. */
  readonly path: string;
  readonly group: "params" | "summary" | "version" | "payload" | "provenance" | "cost";
  /** A value for each artifact; `null` for one without the field. */
  readonly cells: readonly ({ readonly value: Json } | null)[];
  readonly isSame: boolean;
  /** Set for what differs between any two artifacts, such as times: it explains nothing. */
  readonly isAlwaysDifferent?: boolean;
}
