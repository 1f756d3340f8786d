import type { Address } from "../address/address.ts";
import type { DescribedError } from "../errors/described-error.ts";
import type { LogLevel } from "./logger.ts";

/**
 * Everything that happens to a persistable, as one union. Printing, logging, metrics and tracing
 * read it. No event has a secret in it: secrets are taken out before listeners are called, also
 * from the errors, notes and counts of generators.
 *
 * @example
 * ```ts
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const points = gaussianPoints({ n: 100 }, { onEvent: (event) => console.log(event.type, event.name) });
 * await points.payload; // miss gaussian_points, generated gaussian_points, …
 * ```
 */
export type PersistableEvent =
  | ConstructedEvent
  | HitEvent
  | MissEvent
  | WaitingEvent
  | TakeoverEvent
  | StartedEvent
  | ProgressEvent
  | GeneratedEvent
  | FailedEvent
  | PersistedEvent
  | LoadingEvent
  | CorruptEvent
  | InvalidEvent
  | SourceChangedEvent
  | RemovedEvent;

/** The fields of every event. */
export interface EventBase {
  readonly name: string;
  readonly address: Address;
}

/** A persistable was constructed; nothing was read or generated yet. */
export interface ConstructedEvent extends EventBase {
  readonly type: "constructed";
  readonly storeUrl: string;
  /** Own params, readable, secrets masked. */
  readonly params: string;
  readonly recordFile: string;
}

/** `load` was called. */
export interface LoadingEvent extends EventBase {
  readonly type: "loading";
}

/** An artifact was found, verified and loaded. */
export interface HitEvent extends EventBase {
  readonly type: "hit";
  readonly durationMs: number;
  /** When the payload was made, ISO 8601 in UTC. */
  readonly createdAt?: string;
  /** The cost of generating the payload, by unit: this hit has saved that cost. */
  readonly cost?: Readonly<Record<string, number>>;
  /** The name under which it was found, if that is an alias. */
  readonly alias?: string;
}

/** There was nothing to load. */
export interface MissEvent extends EventBase {
  readonly type: "miss";
  /** Why, in words: see `describeMiss`. */
  readonly reason: string;
  /** The kind of the `MissReason`, where each kind is described. */
  readonly kind:
    | "never-generated"
    | "params-changed"
    | "dependency-changed"
    | "version-changed"
    | "draw-changed"
    | "corrupt"
    | "expired"
    | "source-changed"
    | "unreachable";
}

/** Another process generates the same payload; this one waits for it. */
export interface WaitingEvent extends EventBase {
  readonly type: "waiting";
  /** The process that generates, as far as known: `process 4711 on host`. */
  readonly owner: string;
}

/** The generating process has ended, or was silent for too long; this one takes over. */
export interface TakeoverEvent extends EventBase {
  readonly type: "takeover";
  readonly owner: string;
  /** The milliseconds of its silence; absent if the process has certainly ended. */
  readonly silentMs?: number;
}

/** Generation begins. */
export interface StartedEvent extends EventBase {
  readonly type: "started";
}

/** The generator reported its progress. */
export interface ProgressEvent extends EventBase {
  readonly type: "progress";
  readonly done: number;
  /** The value of `done` at the end, if that is known. */
  readonly total?: number;
  readonly note?: string;
}

/** The generator has written lines with `log`. A run tells it at most once a second for a node. */
export interface LogEvent extends EventBase {
  readonly type: "log";
  readonly lines: readonly LoggedLine[];
  /** The number of lines that came after these, and are left out because they are too many. */
  readonly omitted?: number;
}

/** An event of a generation, as the run that asked for it hears it. */
export type ToldEvent = PersistableEvent | LogEvent;

/** One line of a log. */
export interface LoggedLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** The generator gave a valid payload. */
export interface GeneratedEvent extends EventBase {
  readonly type: "generated";
  /** Without the time that was spent on dependencies. */
  readonly durationMs: number;
  /** The cost by unit, as the generator reported it. */
  readonly cost?: Readonly<Record<string, number>>;
  /** Why the payload is not kept, if its generator said so. */
  readonly unkept?: string;
}

/** Generating, validating or persisting failed; the error itself is thrown. */
export interface FailedEvent extends EventBase {
  readonly type: "failed";
  readonly error: DescribedError;
}

/** The artifact is in the store. */
export interface PersistedEvent extends EventBase {
  readonly type: "persisted";
  readonly recordFile: string;
  readonly payloadFile?: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/** An artifact was found damaged. */
export interface CorruptEvent extends EventBase {
  readonly type: "corrupt";
  readonly file: string;
  readonly problem: string;
  /** The folder or file that it was moved to. */
  readonly quarantine?: string;
}

/** A loaded payload is invalid, and was kept since the caller asked for that. */
export interface InvalidEvent extends EventBase {
  readonly type: "invalid";
  readonly error: DescribedError;
}

/**
 * The generator's source differs from the source that made the loaded artifact. The artifact is not
 * generated again: change `version` for that, or set `onSourceChange`.
 */
export interface SourceChangedEvent extends EventBase {
  readonly type: "source-changed";
  readonly recorded: string;
  readonly current: string;
  /** The module that defined it then, relative to its package; absent if not known. */
  readonly recordedModule?: string;
  /** The module that defines it now. */
  readonly currentModule?: string;
}

/** The artifact was removed. */
export interface RemovedEvent extends EventBase {
  readonly type: "removed";
}
