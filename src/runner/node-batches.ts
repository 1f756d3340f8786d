import type { JsonObject } from "../canonical/tagged-json.ts";
import type { QueuedJob } from "../engine/engine.ts";
import type { JobResult } from "../engine/job-message.ts";
import type { ToldEvent } from "../events/event.ts";
import type { State } from "../persistable/declare/state.ts";

/** A node that a worker elsewhere is to generate. */
export interface RemoteNode {
  /** The id of a job with this node alone. */
  readonly id: string;
  readonly state: State;
  readonly isForced: boolean;
  readonly pool: string;
  readonly message: JsonObject;
  readonly bytes: number;
  /** NaN if it is not known. */
  readonly expectedMs: number;
  readonly onEvent: (event: ToldEvent) => void;
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A job of a run in its queue. */
export interface RemoteJob extends QueuedJob {
  readonly pool: string;
  readonly isBatch: boolean;
  /** The nodes that have not ended, by their place in the job. */
  readonly nodes: Map<number, RemoteNode>;
  /** When the job was queued, has sent news, or was asked for. */
  askedMs: number;
}

/** Ends the nodes of a job that have not ended, all with this error. */
export function rejectAll(job: RemoteJob, error: unknown): void {
  for (const node of job.nodes.values()) node.reject(error);
}

/** A node of a batch with which this many workers were lost. */
export function withLosses(node: RemoteNode, losses: number): RemoteNode {
  return losses === 0 ? node : { ...node, message: { ...node.message, losses } };
}

/** Nodes of one job. */
export type Batch = [RemoteNode, ...RemoteNode[]];

/** More nodes in a batch save little, and keep those that depend on them waiting for longer. */
const MOST_IN_BATCH = 20;
/** A batch is expected to take at most this long. */
const EXPECTED_MS = 100;
const MAX_BYTES = 14_000;

/**
 * Splits nodes into batches of the same pool that take little time together, in the order of the
 * nodes. A node whose time is not known counts as tiny: a worker leaves what takes long to others.
 */
export function inBatches(nodes: readonly RemoteNode[], most: number): readonly Batch[] {
  const batches: Batch[] = [];
  const open = new Map<string, { readonly nodes: Batch; bytes: number; expectedMs: number }>();
  for (const node of nodes) {
    const expectedMs = Number.isNaN(node.expectedMs) ? 0 : node.expectedMs;
    let batch = open.get(node.pool);
    if (
      batch === undefined ||
      batch.nodes.length >= Math.min(most, MOST_IN_BATCH) ||
      batch.bytes + node.bytes > MAX_BYTES ||
      batch.expectedMs + expectedMs > EXPECTED_MS
    ) {
      batch = { nodes: [node], bytes: 0, expectedMs: 0 };
      open.set(node.pool, batch);
      batches.push(batch.nodes);
    } else batch.nodes.push(node);
    batch.bytes += node.bytes;
    batch.expectedMs += expectedMs;
  }
  return batches;
}
