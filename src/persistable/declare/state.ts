import type { Address } from "../../address/address.ts";
import type { RecipeNode } from "../../address/recipe-node.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { LogLevel } from "../../events/logger.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import type { Secret } from "../../params/secret.ts";
import type { RecordDraft } from "../../record/encode-record.ts";
import type { Declaration, MemoryPolicy } from "./declaration.ts";
import type { Hooks } from "./hooks.ts";
import type { ParamsSnapshot } from "./snapshot-params.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where a persistable keeps its state; a symbol of this copy of the library, so that no other copy's objects are mistaken for ours. */
export const stateKey: unique symbol = Symbol("persistable state");

/** A persistable of this copy of the library. */
export interface WithState {
  readonly [stateKey]: State;
}

export function hasState(given: unknown): given is WithState {
  return typeof given === "object" && given !== null && stateKey in given;
}

/** Given to the constructor, which then takes the state as it is. */
export const readyStateKey: unique symbol = Symbol("persistable ready state");

/** What is held of a payload. */
export type Held =
  | { readonly kind: "nothing" }
  /** One value for everybody: frozen, or shared on purpose. */
  | { readonly kind: "value"; readonly value: unknown }
  /** Not persisted, and not to be handed out twice: decoded anew each time. */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] }
  /** In the store; loaded anew each time. */
  | { readonly kind: "stored" };

/** The part of a {@link State} that is known when the persistable is built. */
export interface StateParts {
  readonly declaration: Declaration;
  readonly recipe: RecipeNode;
  /** Own params that are in the recipe. */
  readonly trackedParams: Readonly<Record<string, unknown>>;
  readonly format: Format;
  readonly formats: readonly [Format, ...Format[]];
  readonly limits: DecodeLimits;
  readonly memory: MemoryPolicy;
  readonly inlineBytes: number;
  readonly hooks: Hooks;
  readonly snapshot: ParamsSnapshot;
  readonly dependencies: Readonly<Record<string, unknown>>;
  readonly dependencyStates: readonly State[];
  /** Its own, those of everything upstream, and those that a call has brought: see `redactionOf`. */
  readonly secrets: readonly Secret<unknown>[];
  readonly surroundings: Surroundings;
  /** Whether it or anything upstream was ever renamed. */
  readonly hasAliases: boolean;
}

/** Everything that the operations on one persistable share. The class is its public face. */
export interface State extends StateParts {
  secrets: readonly Secret<unknown>[];
  /** Whether the event that opens the log, `constructed`, was emitted. */
  isOpened: boolean;
  /** Made by `eventLogOf` when there is something to write into the log. */
  log: EventLog | undefined;
  /** Resolves when the lines are written that wait for the log to be loaded. */
  logging: Promise<void> | undefined;
  held: Held;
  /** What the record says of the payload that was generated last, for a later `persist()`. */
  lastGenerated: Generated | undefined;
  /** A payload that was generated, and could not be published or was refused. */
  pending: Pending | undefined;
  /** Time spent on giving this payload to others, in milliseconds: their own durations leave it out. */
  busyMs: number;
  /** Worked out when it is first asked for. */
  paramsTree: Readonly<Record<string, unknown>> | undefined;
  /** Addresses under aliases, its own not among them; worked out when its own gives nothing. */
  variants: readonly Variant[] | undefined;
}

/** Creates the state of a persistable with which nothing was done yet. */
export function newState(parts: StateParts): State {
  // Not spread: every hit builds one, and spreading the parts makes that ten times slower.
  return {
    declaration: parts.declaration,
    recipe: parts.recipe,
    trackedParams: parts.trackedParams,
    snapshot: parts.snapshot,
    format: parts.format,
    formats: parts.formats,
    limits: parts.limits,
    memory: parts.memory,
    inlineBytes: parts.inlineBytes,
    hooks: parts.hooks,
    dependencies: parts.dependencies,
    dependencyStates: parts.dependencyStates,
    secrets: parts.secrets,
    surroundings: parts.surroundings,
    hasAliases: parts.hasAliases,
    isOpened: false,
    log: undefined,
    logging: undefined,
    held: { kind: "nothing" },
    lastGenerated: undefined,
    pending: undefined,
    busyMs: 0,
    paramsTree: undefined,
    variants: undefined,
  };
}

/** Where the events of one persistable and the lines of its hooks are written. */
export interface EventLog {
  write(event: PersistableEvent): void;
  writeLine(level: LogLevel, message: string, fields: object): void;
}

/** The same recipe under an earlier name. */
export interface Variant {
  readonly name: string;
  readonly address: Address;
}

/** A payload that was generated and is not published yet, as those see it who do not publish it. */
export interface Pending {
  /** Takes the place of an artifact that is already there, on purpose. */
  readonly isReplacing: boolean;
  /** The validator has refused it. */
  readonly isRefused: boolean;
  open(signal: AbortSignal | undefined): Promise<unknown>;
  drop(): Promise<void>;
}

/** What the record of a payload that was generated says of it. */
export interface Generated {
  readonly draft: RecordDraft;
  readonly createdAt: string;
  readonly durationMs: number;
  readonly taken: TakenByGenerator;
}

/** What the record says of one run of a generator. */
export interface TakenByGenerator {
  readonly cost?: Readonly<Record<string, number>>;
  /** Where it was read. */
  readonly seed?: number;
}
