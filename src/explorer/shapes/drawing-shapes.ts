import type { ArtifactRow, ArtifactState, Commands, Json, StateCounts, Window } from "./common.ts";

/**
 * Artifacts with what they are made from. A node is one artifact, or all artifacts of a name. With
 * more artifacts than `limit`, those of a name are one node, whatever was asked for.
 */
export interface GraphAnswer {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly isGrouped: boolean;
  /** Set where the graph was asked for artifact by artifact, and is grouped for its size. */
  readonly groupedBecause?: string;
  /** How many artifacts the graph is about. */
  readonly artifacts: number;
  /** How many of them are drawn one by one or in a group. */
  readonly shown: number;
  /** The most nodes that are drawn: 300, unless the page asks for more. */
  readonly limit: number;
  readonly commands: Commands;
}

export type GraphNode =
  | {
      readonly kind: "artifact";
      /** Its address. */
      readonly id: string;
      readonly name: string;
      readonly state: ArtifactState;
      /** Whether the page asked for it. */
      readonly isRoot: boolean;
      /** The params that vary among the artifacts of its name in this graph, at most 4. */
      readonly values: Readonly<Record<string, Json>>;
      readonly createdAt?: string;
      readonly durationMs?: number;
    }
  | {
      readonly kind: "name";
      /** `name:` and its name. */
      readonly id: string;
      readonly name: string;
      readonly count: number;
      readonly states: StateCounts;
      readonly hasRoot: boolean;
      /** The query that means its artifacts. */
      readonly query: string;
    };

/** `to` is made from `from`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** The name under which `to` uses it. */
  readonly role: string;
  /** How many artifacts it stands for. */
  readonly count: number;
}

/** A run without its nodes. */
export interface RunRow {
  readonly runId: string;
  /** `killed`: its process has certainly ended without saying how the run ended. */
  readonly state: "running" | "killed" | "completed" | "failed" | "cancelled";
  /** ISO 8601 */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly durationMs?: number;
  readonly host: string;
  readonly pid: number;
  readonly command?: readonly string[];
  /** Absent if it has no limit. */
  readonly concurrency?: number;
  /** How many nodes its targets needed; absent if the journal does not tell. */
  readonly planned?: number;
  readonly hits: number;
  readonly generated: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly savedMs?: number;
  readonly cost: Readonly<Record<string, number>>;
}

/** The runs of the data directory, newest first. */
export interface RunsAnswer extends Window<RunRow> {
  readonly commands: Commands;
}

/** One run as a waterfall. */
export interface RunAnswer {
  readonly run: RunRow;
  /** In the order in which they started; at most 2,000 from `offset` on. */
  readonly nodes: Window<RunNode>;
  /** How many lanes the waterfall has. */
  readonly lanes: number;
  /** The addresses on the longest chain of nodes, in the order of time. */
  readonly criticalPath: readonly string[];
  /** The time of the first and of the last thing that is drawn, in milliseconds since the epoch. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** The cursor of the last event in this answer: what `/api/events/run` takes as `after`. */
  readonly cursor: number;
  readonly commands: Commands;
}

/** The way of one artifact through a run. */
export interface RunNode {
  readonly address: string;
  readonly name: string;
  readonly outcome: "generated" | "hit" | "failed" | "cancelled" | "running";
  /** Own params, short: `n: 100, randomState: 10`. */
  readonly params?: string;
  /** Its lane, from 0 on; absent for what never started. */
  readonly lane?: number;
  /** In milliseconds since the epoch. */
  readonly startedMs?: number;
  readonly endedMs?: number;
  /** How long it waited, and how long it generated; the rest is persisting. */
  readonly waitedMs?: number;
  readonly durationMs?: number;
  readonly attempts?: number;
  /** The worker that generated it, as `host:pid`, if the run was distributed. */
  readonly worker?: string;
  /** The last lines that its generator has logged. */
  readonly log?: readonly { readonly level: string; readonly message: string }[];
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
  /** Why it was cancelled. */
  readonly reason?: string;
  readonly dependencies: readonly string[];
  readonly isCritical: boolean;
}

/** The artifacts of one name over the params that vary. */
export interface SweepAnswer {
  readonly name: string;
  readonly query: string;
  /** The params that vary, those with the most values first, at most 12. */
  readonly axes: readonly SweepAxis[];
  /** Numbers that can be drawn: summaries, costs, `took`, `size`, `created`. */
  readonly measures: readonly string[];
  /** The newest, at most 5,000. */
  readonly points: readonly SweepPoint[];
  readonly total: number;
  readonly commands: Commands;
}

/** One parameter of a sweep. */
export interface SweepAxis {
  readonly field: string;
  readonly isNumeric: boolean;
  /** Its values in order, at most 200; combinations that no point has are missing. */
  readonly values: readonly Json[];
  readonly distinct: number;
}

/** One artifact of a sweep. */
export interface SweepPoint {
  readonly address: string;
  readonly state: ArtifactState;
  /** The value of each axis, in their order; `null` for none. */
  readonly at: readonly Json[];
  /** The value of each measure, in their order; `null` for none. */
  readonly measures: readonly (number | null)[];
}

/** Why there is an artifact, or none. */
export interface WhyAnswer {
  readonly name: string;
  /** The params that were asked for, complete: what was not given is as in the nearest artifact. */
  readonly params: { readonly [key: string]: Json };
  /** `missing` if no artifact has exactly these params. */
  readonly state: ArtifactState;
  /** The artifact with exactly these params. */
  readonly artifact?: ArtifactRow;
  /** The reason in words: `zThreshold: 5, nearest artifact has 3`. */
  readonly reason: string;
  /** All differences from the nearest artifact; the root first. */
  readonly changes: readonly WhyChange[];
  /** The five nearest artifacts, and how many were compared. */
  readonly nearest: readonly { readonly artifact: ArtifactRow; readonly changes: readonly WhyChange[] }[];
  readonly compared: number;
  /** The artifacts that would have to be generated again if this one changed, by name. */
  readonly downstream: readonly NameTotal[];
  /** Time and cost of generating it, from the nearest artifacts. */
  readonly expected?: { readonly durationMs: number; readonly cost: Readonly<Record<string, number>> };
  /** The params of the name with the values that they have, for the form. */
  readonly fields: readonly { readonly field: string; readonly values: readonly Json[]; readonly distinct: number }[];
  readonly commands: Commands;
}

/** One value that differs. */
export interface WhyChange {
  /** `zThreshold`, `points.n`, `points.version`. */
  readonly path: string;
  /** The value that was asked for; absent if there is none. */
  readonly value?: Json;
  readonly nearestValue?: Json;
}

export interface NameTotal {
  readonly name: string;
  readonly count: number;
}

/** The bytes that the data directory takes. */
export interface DiskAnswer {
  readonly totalBytes: number;
  /** The largest names first, at most 100 of them. */
  readonly names: Window<NameBytes>;
  /** Bytes that belong to no name: leases, logs, records of runs, foreign files. */
  readonly otherBytes: number;
  readonly indexBytes: number;
  /** Artifacts by age, and by their last use where the store tells. */
  readonly byAge: readonly AgeBin[];
  readonly byLastUse: readonly AgeBin[];
  /** Payloads with the same digest, the most wasteful first, at most 100. */
  readonly duplicates: Window<{
    readonly digest: string;
    readonly count: number;
    readonly extraBytes: number;
    /** The name that most of them have. */
    readonly query: string;
  }>;
  readonly extraBytes: number;
  /** Why `byLastUse` and `duplicates` are empty. */
  readonly leftOut?: string;
  readonly commands: Commands;
}

/** The bytes of one name. */
export interface NameBytes {
  readonly name: string;
  readonly artifacts: number;
  readonly recordBytes: number;
  readonly payloadBytes: number;
  /** Payloads that no record names. */
  readonly orphanBytes: number;
  /** Damaged artifacts that were set aside. */
  readonly quarantineBytes: number;
  readonly otherBytes: number;
}

/** The artifacts of some age. */
export interface AgeBin {
  /** `today`, `this week`, `this month`, `this year`, `older`. */
  readonly label: string;
  readonly artifacts: number;
  readonly sizeBytes: number;
  /** The query that means them; absent for what queries cannot ask. */
  readonly query?: string;
}

/** The artifacts that a policy would remove, and why the rest stays. The explorer removes none. */
export interface CollectionAnswer {
  readonly removes: CollectionSum;
  readonly keeps: CollectionSum;
  /** How many stay for each reason. */
  readonly keepReasons: readonly { readonly code: string; readonly text: string; readonly count: number }[];
  /** The removals, in their order. */
  readonly decisions: Window<{
    readonly kind: string;
    readonly what: string;
    readonly address?: string;
    readonly sizeBytes: number;
    readonly reason: string;
  }>;
  /** `persistable gc --older-than 30d`, which removes with `--yes`. */
  readonly commands: Commands;
}

export interface CollectionSum {
  readonly artifacts: number;
  readonly sizeBytes: number;
  /** How long generating all of it took. */
  readonly durationMs: number;
}

/** Everything that needs a look. */
export interface TroubleAnswer {
  /** Notes of failures, the newest first. */
  readonly failed: Window<ArtifactRow>;
  /** Records that are damaged or of a newer release. */
  readonly unreadable: Window<ArtifactRow>;
  /** The artifacts that processes are generating now. */
  readonly inFlight: Window<InFlight>;
  /** Damaged artifacts that were set aside, the newest first. */
  readonly quarantine: Window<{
    readonly name: string;
    readonly address: string;
    readonly setAsideAt: string;
    readonly sizeBytes: number;
  }>;
  /** Runs that were killed, or that have failed; the newest first. */
  readonly runs: Window<RunRow>;
  readonly commands: Commands;
}

/** A lease: the right of one process to generate one artifact. */
export interface InFlight {
  /** Absent where the lease does not tell. */
  readonly name?: string;
  readonly address: string;
  readonly owner: { readonly host?: string; readonly pid?: number; readonly isGone?: boolean };
  /** ISO 8601: when its file last changed. */
  readonly since: string;
}
