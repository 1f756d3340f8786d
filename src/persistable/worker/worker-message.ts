import type { PersistableEvent } from "../../events/event.ts";
import type { LogLevel } from "../../events/logger.ts";
import type { DecodeLimits } from "../../format/format.ts";
import type { InputPlace } from "../../util/digest/input-places.ts";
import type { WorkName } from "../context/wait-graph.ts";
import type { MemoryPolicy, SourceChangePolicy } from "../declare/declaration.ts";
import type { TakenByGenerator } from "../declare/state.ts";
import type { SurroundingsOptions } from "../declare/surroundings.ts";
import type { CarriedError } from "./carried-error.ts";
import type { MovedPayload } from "./moved-payload.ts";
import type { PackedValue } from "./packed-value.ts";

/** One generation for a worker thread: the persistable and everything upstream of it. */
export interface WorkerJob {
  /** The persistables, upstream first; the last one is to be generated. */
  readonly nodes: readonly JobNode[];
  readonly untracked: PackedValue;
  /**
   * The generations that wait for each other, up to this one, which is the last. If its generator
   * asks for any of them, that is a cycle.
   */
  readonly line: readonly WorkName[];
  /** Whether the main thread has a listener for the events of dependencies. */
  readonly isHeard: boolean;
  readonly isLogged: boolean;
  readonly isVerbose: boolean;
  /** The places of files and folders that are params, by digest. */
  readonly inputs: ReadonlyMap<string, InputPlace>;
  /** The policy of the run, for what the generator loads. */
  readonly onSourceChange: SourceChangePolicy | undefined;
}

/** A persistable as data, from which another thread builds it again. */
export interface JobNode {
  readonly name: string;
  /** The address that the rebuilt persistable must have. */
  readonly address: string;
  readonly draw: number;
  /** The URL of the module that defines the persistable, if it is known. */
  readonly module: string | undefined;
  readonly params: PackedValue;
  /** The index of each dependency in the list of nodes. */
  readonly roles: readonly (readonly [role: string, index: number])[];
  readonly storeUrl: string;
  readonly isDurable: boolean;
  readonly log: SurroundingsOptions["log"];
  readonly memory: MemoryPolicy;
  readonly limits: DecodeLimits;
}

/** A message of the main thread to a worker. */
export type MessageToWorker =
  | { readonly kind: "run"; readonly jobId: number; readonly job: WorkerJob }
  | { readonly kind: "abort"; readonly jobId: number; readonly reason: CarriedError };

/** A message of a worker during a job. */
export type WorkerNews =
  | { readonly kind: "progress"; readonly done: number; readonly total?: number; readonly note?: string }
  | { readonly kind: "cost"; readonly spent: Readonly<Record<string, number>> }
  | { readonly kind: "keep"; readonly isKept: boolean; readonly why: string | undefined }
  | { readonly kind: "log"; readonly level: LogLevel; readonly message: string; readonly fields: object }
  /** An event of a dependency, not of the job's own persistable. */
  | { readonly kind: "event"; readonly event: PersistableEvent }
  | { readonly kind: "line"; readonly level: LogLevel; readonly message: string; readonly fields: object }
  | { readonly kind: "work-folder"; readonly folder: string };

/** The last message of a worker about a job. */
export type WorkerOutcome =
  | {
      readonly kind: "done";
      readonly moved: MovedPayload;
      readonly taken: TakenByGenerator;
      /** The time that dependencies took, in milliseconds. */
      readonly upstreamMs: number;
    }
  | {
      readonly kind: "failed";
      readonly error: CarriedError;
      /** The secrets that are noted for the error. */
      readonly secrets: readonly PackedValue[];
      /** True if the error is the reason with which the job was aborted. */
      readonly isReason: boolean;
      /** True if a definition could not be found on the worker thread. */
      readonly isModuleProblem: boolean;
    };

/**
 * The number of a job on both threads. It shows which messages are late ones of an earlier job, and
 * are ignored.
 */
export interface Numbered {
  readonly jobId: number;
}
