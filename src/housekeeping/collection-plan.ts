import type { Address } from "../address/address.ts";

/** Why an artifact stays, as a code for programs and a text for people. */
export interface KeepReason {
  readonly code: "tagged" | "pinned" | "upstream" | "not-asked" | "young" | "used" | "newest" | "fits" | "unreadable";
  readonly text: string;
  /** With the code `upstream`: the artifact that was made from this one, and stays. */
  readonly by?: Address;
}

/** Why something is removed. */
export interface RemoveReason {
  readonly code: "chosen" | "orphan" | "unfinished" | "set-aside" | "old";
  readonly text: string;
}

/** The decision about one artifact. */
export interface ArtifactDecision {
  readonly kind: "artifact";
  readonly action: "remove" | "keep";
  readonly reason: KeepReason | RemoveReason;
  /** The path of its record in the store. */
  readonly path: string;
  readonly name: string;
  readonly address: Address;
  /** Record and payload together. */
  readonly sizeBytes: number;
  /** ISO 8601 */
  readonly createdAt: string;
  /** When its record was last touched; ISO 8601. */
  readonly usedAt: string;
  /** The time that generating it took. */
  readonly durationMs?: number;
  readonly madeFrom: readonly Address[];
  /**
   * The digest of the record that the decision is about. A record that has replaced it is not
   * removed.
   */
  readonly recordDigest: string;
}

/** The decision to remove objects that do not belong to an artifact. */
export interface DebrisDecision {
  readonly kind: "orphan" | "temporary" | "quarantine" | "log" | "run" | "failure";
  readonly action: "remove";
  readonly reason: RemoveReason;
  /** Its objects in the store. */
  readonly paths: readonly string[];
  /** For an orphan: the name of the artifacts in its folder, and the name of its file. */
  readonly orphan?: { readonly name: string; readonly file: string };
  readonly sizeBytes: number;
  /** When it last changed, ISO 8601: if it has changed since, it is not removed. */
  readonly changedAt: string;
}

/** A decision about one artifact, or about objects that belong to none, and its reason. */
export type CollectionDecision = ArtifactDecision | DebrisDecision;

/** The sum over some decisions. */
export interface CollectionTotal {
  readonly artifacts: number;
  /** The size of artifacts and everything else. */
  readonly sizeBytes: number;
  /** The time that generating these artifacts took, as far as their records tell. */
  readonly durationMs: number;
}

/** All decisions about a data directory: plain data, which may be stored as JSON. */
export interface CollectionPlan {
  readonly collection: 1;
  /** The URL of the store for which the plan was made. It cannot be used for any other store. */
  readonly store: string;
  /** The removals come first, in the order in which they are carried out. */
  readonly decisions: readonly CollectionDecision[];
  readonly removes: CollectionTotal;
  readonly keeps: CollectionTotal;
}

export function planOf(store: string, decisions: readonly CollectionDecision[]): CollectionPlan {
  return {
    ...{ collection: 1, store, decisions },
    removes: sum(decisions.filter(({ action }) => action === "remove")),
    keeps: sum(decisions.filter(({ action }) => action === "keep")),
  };
}

function sum(decisions: readonly CollectionDecision[]): CollectionTotal {
  let artifacts = 0;
  let sizeBytes = 0;
  let durationMs = 0;
  for (const decision of decisions) {
    sizeBytes += decision.sizeBytes;
    if (decision.kind !== "artifact") continue;
    artifacts += 1;
    durationMs += decision.durationMs ?? 0;
  }
  return { artifacts, sizeBytes, durationMs };
}
