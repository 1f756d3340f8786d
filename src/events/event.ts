import type { Address } from "../address/address.ts";
import type { DescribedError } from "../errors/described-error.ts";

/**
 * Everything that happens to a persistable, as one union. Printing, logging, metrics and tracing are readers of it. No event has a
 * secret in it: they are taken out before anybody is told, also of what generators throw, note and count.
 *
 * @example
 * ```ts
 * const points = gaussianPoints({ n: 100 }, { onEvent: (event) => console.log(event.type, event.name) });
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

/** What every event says. */
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
  /** The name under which it was found, where that is an alias. */
  readonly alias?: string;
}

/** There was nothing to load. */
export interface MissEvent extends EventBase {
  readonly type: "miss";
  /** Why, in words: see `describeMiss`. */
  readonly reason: string;
  readonly kind: string;
}

/** Another process generates the same payload; this one waits for it. */
export interface WaitingEvent extends EventBase {
  readonly type: "waiting";
  /** Who generates, as far as known: `pid 4711 on host`. */
  readonly owner: string;
}

/** The process that generated the payload is gone, or has been silent for too long; this one takes over. */
export interface TakeoverEvent extends EventBase {
  readonly type: "takeover";
  readonly owner: string;
  /** For how long it has been silent, in milliseconds; absent where it is certain that it is gone. */
  readonly silentMs?: number;
}

/** Generation begins. */
export interface StartedEvent extends EventBase {
  readonly type: "started";
}

/** The generator told how far it is. */
export interface ProgressEvent extends EventBase {
  readonly type: "progress";
  readonly done: number;
  /** What `done` will be at the end, where that is known. */
  readonly total?: number;
  readonly note?: string;
}

/** The generator gave a valid payload. */
export interface GeneratedEvent extends EventBase {
  readonly type: "generated";
  /** Without the time that was spent on dependencies. */
  readonly durationMs: number;
  /** What it cost, by unit, as the generator told. */
  readonly cost?: Readonly<Record<string, number>>;
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
  /** Where it was set aside. */
  readonly quarantine?: string;
}

/** A loaded payload is invalid, and was kept since the caller asked for that. */
export interface InvalidEvent extends EventBase {
  readonly type: "invalid";
  readonly error: DescribedError;
}

/** The generator's source is not the one that made the loaded artifact. Nothing was regenerated: change `version` for that. */
export interface SourceChangedEvent extends EventBase {
  readonly type: "source-changed";
  readonly recorded: string;
  readonly current: string;
  /** The module that defined it then, relative to its package; absent where that is not known. */
  readonly recordedModule?: string;
  /** The module that defines it now. */
  readonly currentModule?: string;
}

/** The artifact was removed. */
export interface RemovedEvent extends EventBase {
  readonly type: "removed";
}
