import type { Address } from "../../address/address.ts";
import type { RecipeNode } from "../../address/recipe-node.ts";
import type { PersistableEvent } from "../../events/event.ts";
import type { LogLevel } from "../../events/logger.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import type { Secret } from "../../params/secret.ts";
import type { RecordDraft } from "../../record/encode-record.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import type { Declaration, MemoryPolicy } from "./declaration.ts";
import type { Hooks } from "./hooks.ts";
import type { ParamsSnapshot } from "./snapshot-params.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * The key under which a persistable keeps its state. Each copy of the library has its own symbol,
 * so that no copy takes the objects of another for its own.
 */
export const stateKey: unique symbol = Symbol("persistable state");

/** A persistable of this copy of the library. */
export interface WithState {
  readonly [stateKey]: State;
}

export function hasState(given: unknown): given is WithState {
  // A persisted function that plays a role has a state, too.
  return ((typeof given === "object" && given !== null) || typeof given === "function") && stateKey in given;
}

/** The key of an option of the constructor: it passes a state that is ready, and used as it is. */
export const readyStateKey: unique symbol = Symbol("persistable ready state");

/** The form in which a payload is held in memory. */
export type Held =
  | { readonly kind: "nothing" }
  /** All callers get the same value, which is frozen, or shared on purpose. */
  | { readonly kind: "value"; readonly value: unknown }
  /**
   * The payload is not persisted, and each caller needs a value of its own, which is decoded from
   * these bytes.
   */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] }
  /** The payload is in the store only, and is loaded again for each caller. */
  | { readonly kind: "stored" };

/** Shared by all states, of which a plan may have a million. */
export const NOTHING_HELD: Held = Object.freeze({ kind: "nothing" });

/** The values of one call of a persisted function that are in no recipe and no record. */
export interface LiveValues {
  /** The object on which the function was called. */
  readonly self: unknown;
  readonly parts: readonly LivePart[];
}

/** A value with its place in the arguments: the position of the argument, then keys. */
export interface LivePart {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

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
  /**
   * Its own secrets, those of everything upstream, and those that a call has passed; see
   * `redactionOf`.
   */
  readonly secrets: readonly Secret<unknown>[];
  readonly surroundings: Surroundings;
  /** The values of a call of a persisted function that are in no recipe and no record. */
  readonly liveValues: LiveValues | undefined;
  /**
   * Set for a call of a persisted function that plays a role: the family, which stands for all
   * calls of that function.
   */
  readonly family: State | undefined;
  /** Whether the persistable, or any upstream of it, has aliases. */
  readonly hasAliases: boolean;
}

/** Everything that the operations on one persistable share. The class is its public face. */
export interface State extends StateParts {
  secrets: readonly Secret<unknown>[];
  /** Whether the event that opens the log, `constructed`, was emitted. */
  isOpened: boolean;
  /** Made by `eventLogOf` when there is something to write into the log. */
  log: EventLog | undefined;
  /** Resolves when the lines that wait for the log module have been written. */
  logging: Promise<void> | undefined;
  held: Held;
  /** The record's data about the payload that was generated last, for a later `persist()`. */
  lastGenerated: Generated | undefined;
  /** A payload that was generated, but could not be published or was refused by the validator. */
  pending: Pending | undefined;
  /**
   * Time in milliseconds that was spent on giving this payload to dependents, which leave it out of
   * their own durations.
   */
  busyMs: number;
  /** Worked out when it is first asked for. */
  paramsTree: Readonly<Record<string, unknown>> | undefined;
  /** The addresses under aliases, without the present one; worked out when that has no artifact. */
  variants: readonly Variant[] | undefined;
}

/** Creates the state of a new persistable. */
export function newState(parts: StateParts): State {
  // Every hit makes a state, and spreading the parts would be ten times slower.
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
    liveValues: parts.liveValues,
    family: parts.family,
    hasAliases: parts.hasAliases,
    isOpened: false,
    log: undefined,
    logging: undefined,
    held: NOTHING_HELD,
    lastGenerated: undefined,
    pending: undefined,
    busyMs: 0,
    paramsTree: undefined,
    variants: undefined,
  };
}

/** Writes the events of one persistable and the lines of its hooks. */
export interface EventLog {
  write(event: PersistableEvent): void;
  writeLine(level: LogLevel, message: string, fields: object): void;
}

/** The same recipe under an earlier name. */
export interface Variant {
  readonly name: string;
  readonly address: Address;
}

/**
 * A payload that was generated and is not published yet, with the fields that code outside the
 * publication uses.
 */
export interface Pending {
  /** True if the payload is meant to replace an artifact that is already there. */
  readonly isReplacing: boolean;
  /** True if the validator has refused the payload. */
  readonly isRefused: boolean;
  open(signal: AbortSignal | undefined): Promise<unknown>;
  drop(): Promise<void>;
}

/** The data about a generated payload that its record holds. */
export interface Generated {
  readonly draft: RecordDraft;
  readonly createdAt: string;
  readonly durationMs: number;
  readonly taken: TakenByGenerator;
}

/** The cost, the seed and the undeclared loads of one generation, for the record. */
export interface TakenByGenerator {
  readonly cost?: Readonly<Record<string, number>>;
  /** Absent if the generator did not read it. */
  readonly seed?: number;
  /** The loads that the generator did not declare. */
  readonly undeclared?: readonly UndeclaredLoad[];
}
