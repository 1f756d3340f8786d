import type { PersistableEvent } from "../../events/event.ts";
import type { LogLevel } from "../../events/logger.ts";
import type { DecodeLimits } from "../../format/format.ts";
import type { WorkName } from "../context/wait-graph.ts";
import type { MemoryPolicy } from "../declare/declaration.ts";
import type { TakenByGenerator } from "../declare/state.ts";
import type { CarriedError } from "./carried-error.ts";
import type { MovedPayload } from "./moved-payload.ts";
import type { PackedValue } from "./packed-value.ts";

/** One generation for a worker thread: the persistable and everything upstream of it. */
export interface WorkerJob {
  /** Upstream first; the last one is to be generated. */
  readonly nodes: readonly JobNode[];
  readonly untracked: PackedValue;
  /** The generations that wait for this one, which is the last: none of them can be asked for inside it. */
  readonly line: readonly WorkName[];
  /** Whether dependencies' events and log lines are listened to. */
  readonly isHeard: boolean;
  readonly isLogged: boolean;
  readonly isVerbose: boolean;
}

/** How one persistable is built again. */
export interface JobNode {
  readonly name: string;
  /** What it must come to. */
  readonly address: string;
  readonly draw: number;
  /** The url of the module that defines it, as far as known. */
  readonly module: string | undefined;
  readonly params: PackedValue;
  /** The place of each dependency in the list. */
  readonly roles: readonly (readonly [role: string, index: number])[];
  readonly storeUrl: string;
  readonly isDurable: boolean;
  readonly memory: MemoryPolicy;
  readonly limits: DecodeLimits;
}

/** What the main thread says to a worker. */
export type MessageToWorker =
  | { readonly kind: "run"; readonly jobId: number; readonly job: WorkerJob }
  | { readonly kind: "abort"; readonly jobId: number; readonly reason: CarriedError };

/** What a worker says while it works. */
export type WorkerNews =
  | { readonly kind: "progress"; readonly done: number; readonly total?: number; readonly note?: string }
  | { readonly kind: "cost"; readonly spent: Readonly<Record<string, number>> }
  | { readonly kind: "log"; readonly level: LogLevel; readonly message: string; readonly fields: object }
  /** From a dependency, on its own account. */
  | { readonly kind: "event"; readonly event: PersistableEvent }
  | { readonly kind: "line"; readonly level: LogLevel; readonly message: string; readonly fields: object }
  | { readonly kind: "work-folder"; readonly folder: string };

/** The last thing that a worker says of a job. */
export type WorkerOutcome =
  | {
      readonly kind: "done";
      readonly moved: MovedPayload;
      readonly taken: TakenByGenerator;
      /** Time that dependencies took, in milliseconds. */
      readonly upstreamMs: number;
    }
  | {
      readonly kind: "failed";
      readonly error: CarriedError;
      /** Those that are known of the error. */
      readonly secrets: readonly PackedValue[];
      /** It is what the job was aborted with. */
      readonly isReason: boolean;
      /** A definition that could not be found there. */
      readonly isModuleProblem: boolean;
    };

/** Under which a job is known on both sides: what an earlier one says late is nobody's business. */
export interface Numbered {
  readonly jobId: number;
}
