import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Address } from "../address/address.ts";
import { visibleLine } from "../errors/visible-text.ts";
import type { DecodeLimits } from "../format/format.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { describeAddress } from "../util/describe-address.ts";
import type { NotebookDisplay } from "../util/notebook/notebook-display.ts";
import { lazyPart } from "../util/peers/load-part.ts";
import type { CallOptions } from "./context/call-context.ts";
import { createState } from "./declare/create-state.ts";
import type { DeclarationOptions, MemoryPolicy } from "./declare/declaration.ts";
import type { StateOptions } from "./declare/declaring-class.ts";
import { describeParams } from "./declare/describe-params.ts";
import type { GenerateContext, HookContext, Hooks } from "./declare/hooks.ts";
import { paramsOf, paramsTreeOf } from "./declare/params-of.ts";
import { readyStateKey, type State, stateKey } from "./declare/state.ts";
import type { SurroundingsOptions } from "./declare/surroundings.ts";
import type { Explanation } from "./load/explain.ts";
import { forgetPayload } from "./load/hold-payload.ts";
import { loadOrGenerate, payloadOf } from "./load-or-generate.ts";

const generatePayloadPart = lazyPart(() => import("./produce/generate-payload.ts"));
const persistPayloadPart = lazyPart(() => import("./produce/persist-payload.ts"));
const loadPayloadPart = lazyPart(() => import("./load/load-payload.ts"));
const explainPart = lazyPart(() => import("./load/explain.ts"));
const displayPersistablePart = lazyPart(() => import("./display-persistable.ts"));
const operationsPart = lazyPart(() => import("./operations.ts"));

export declare const summaryKey: unique symbol;

/** Anything that can play a role: a persistable, a map of items, or a persisted function. */
export type AnyDependency = AnyPersistable | AnyMap | AnyPersistedFunction;

/** Any map of items, as `persistableMap` builds it. */
export interface AnyMap {
  readonly name: string;
  readonly address: Address;
  readonly paramsTree: Readonly<Record<string, unknown>>;
  addressOf(item: never): Address;
  load(items: never): Promise<readonly unknown[]>;
}

/** Any function whose calls are persisted. */
export interface AnyPersistedFunction {
  (...args: never): unknown;
  readonly definition: { readonly payloadName: string };
  persistable(...args: never): AnyPersistable;
}

/** Any persistable, whatever its payload. */
export interface AnyPersistable {
  readonly name: string;
  readonly address: Address;
  readonly payload: Promise<unknown>;
  readonly paramsTree: Readonly<Record<string, unknown>>;
  isPersisted(): Promise<boolean>;
  explain(options?: { readonly signal?: AbortSignal | undefined }): Promise<Explanation>;
  record(): Promise<ArtifactRecord | undefined>;
}

/** The options that one persistable is built with. */
export interface PersistableOptions extends SurroundingsOptions {
  /**
   * The number of this payload among several independent ones of the same params; 0 by default. In
   * the recipe.
   */
  readonly draw?: number | undefined;
  /**
   * How a payload in memory is handed out, see {@link MemoryPolicy}; by default as the definition
   * says, else `"safe"`.
   */
  readonly memory?: MemoryPolicy | undefined;
  /** Bounds on what decoding a payload may build; `defaultDecodeLimits` by default. */
  readonly limits?: Partial<DecodeLimits> | undefined;
}

/** The options that the constructor of a class of persistables takes. */
export type ConstructorOptions<Params, Dependencies> = PersistableOptions &
  DeclarationOptions & {
    /** Used instead of the class's `payloadName`. */
    readonly name?: string | undefined;
  } & (Record<never, never> extends Params
    ? {
        /** The values that define the payload, apart from the dependencies; none by default. */
        readonly params?: Params | undefined;
      }
    : {
        /** The values that define the payload, apart from the dependencies. */
        readonly params: Params;
      }) &
  (Record<never, never> extends Dependencies
    ? {
        /** The upstream persistables by their roles; none by default. */
        readonly dependencies?: Dependencies | undefined;
      }
    : {
        /** The upstream persistables by their roles. */
        readonly dependencies: Dependencies;
      });

/**
 * A payload declared by its parameters: generated once, persisted under the hash of its whole
 * recipe, and loaded from then on.
 *
 * Extend this class if a payload needs methods, inheritance or an injected client. For all else,
 * `definePersistable` does the same with less code.
 *
 * @example
 * ```ts
 * import { Persistable } from "persistable-ts";
 *
 * class GaussianPoints extends Persistable<Float64Array, { n: number; randomState: number }> {
 *   static override readonly payloadName = "gaussian_points"; // required: minifiers change the names of classes
 *   protected override generatePayload() {
 *     return Float64Array.from({ length: this.params.n }, (_, i) => Math.sin(this.params.randomState + i));
 *   }
 * }
 * const points = new GaussianPoints({ dataDir: "example-data", params: { n: 100, randomState: 10 } });
 * await points.payload; // loads, or generates and persists
 * ```
 */
export abstract class Persistable<
  Payload = unknown,
  Params extends object = Record<never, never>,
  Dependencies extends { readonly [role: string]: AnyDependency } = Record<never, never>,
  Summary = unknown,
> implements AnyPersistable
{
  /**
   * The name of the payload. Each class has to declare it, since minifiers change the names of
   * classes.
   */
  static readonly payloadName: string | undefined = undefined;
  /** A Standard Schema for the params: checks them and fills in defaults. */
  static readonly paramsSchema: StandardSchemaV1 | undefined = undefined;
  /** Everything else that a class may declare. */
  static readonly declaration: DeclarationOptions = {};

  /** Exists for types only: no object has it. */
  declare readonly [summaryKey]?: Summary;
  /** @internal */
  readonly [stateKey]: State;

  /**
   * Checks the params and computes the address. Reads and writes nothing.
   *
   * @throws {@link InvalidParamsError}, {@link UnsupportedValueError},
   * {@link CredentialInParamsError}, {@link DefinitionError}
   */
  constructor(
    ...[options = {} as ConstructorOptions<Params, Dependencies>]: ConstructorArguments<Params, Dependencies>
  ) {
    this[stateKey] =
      (options as { readonly [readyStateKey]?: State })[readyStateKey] ??
      createState(new.target, options as StateOptions, this as unknown as Hooks);
  }

  /** The name of the payload, and of its folder. */
  get name(): string {
    return this[stateKey].recipe.name;
  }

  /** Own params, defaults filled in: frozen, or a copy if a part of them cannot be frozen. */
  get params(): Readonly<Params> {
    return paramsOf(this[stateKey]) as Readonly<Params>;
  }

  /** Upstream persistables by role. */
  get dependencies(): Readonly<Dependencies> {
    return this[stateKey].dependencies as Readonly<Dependencies>;
  }

  /** The hash of the recipe: name, version, draw, tracked params, dependency addresses. */
  get address(): Address {
    return this[stateKey].recipe.address;
  }

  /**
   * The payload: from memory, from the store, or generated and persisted now. To generate it, the
   * payloads upstream that its generator asks for are loaded or generated, too.
   *
   * @throws the error of the generator; {@link InvalidPayloadError};
   * {@link UnsupportedPayloadError}; a StoreError
   */
  get payload(): Promise<Payload> {
    return payloadOf(this[stateKey]) as Promise<Payload>;
  }

  /**
   * Own params and, under each role, the params tree of that dependency. The definition builds the
   * same recipe from it again.
   */
  get paramsTree(): Readonly<Record<string, unknown>> {
    return paramsTreeOf(this[stateKey]);
  }

  /**
   * Runs the generator, validates the payload, persists it and holds it in memory. It replaces an
   * artifact that is already there. If generating or validating fails, the earlier payload stays
   * and nothing is written.
   *
   * @param options.persist - `false` keeps the payload in memory only
   */
  async generate(options: CallOptions & { readonly persist?: boolean | undefined } = {}): Promise<Payload> {
    const { generate } = await generatePayloadPart();
    return (await generate(this[stateKey], options))?.payload as Payload;
  }

  /**
   * Writes the payload that is in memory, and its record.
   *
   * @throws {@link NoPayloadError} if there is no payload in memory;
   * {@link UnsupportedPayloadError}; a StoreError
   */
  async persist(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { persist } = await persistPayloadPart();
    await persist(this[stateKey], options.signal);
  }

  /**
   * Loads the artifact, and never generates it.
   *
   * @param options.warnIfInvalid - keeps a payload that does not validate, with a warning
   * @throws {@link NotPersistedError} that says why there is no artifact;
   * {@link CorruptArtifactError}; {@link InvalidPayloadError}; a StoreError
   */
  async load(options: CallOptions = {}): Promise<Payload> {
    const { loadPayload } = await loadPayloadPart();
    return (await loadPayload(this[stateKey], options)) as Payload;
  }

  /**
   * Loads the artifact, or generates and persists it if it is missing or damaged; a damaged one is
   * set aside. All callers that ask for the same artifact at the same time, in this process or
   * another, wait for the same work.
   *
   * @param options.signal - gives up waiting; the work itself is aborted when all callers have
   * given up
   */
  loadOrGenerate(options: CallOptions = {}): Promise<Payload> {
    return loadOrGenerate(this[stateKey], options) as Promise<Payload>;
  }

  /**
   * Tells whether there is an artifact: its record is sound, and its payload is there with the
   * right size. The digest is not checked before the artifact is loaded. This is one lookup, no
   * matter how many artifacts of this name exist; `explain()` also says why there is none.
   */
  async isPersisted(): Promise<boolean> {
    const { isPersisted } = await explainPart();
    return isPersisted(this[stateKey], undefined);
  }

  /**
   * Tells whether the artifact would be loaded or generated: a hit with its record, or a miss with
   * the reason. Reads no payload and generates nothing.
   */
  async explain(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Explanation> {
    const { explain } = await explainPart();
    return explain(this[stateKey], options.signal);
  }

  /**
   * Returns the record of the artifact, `undefined` if there is none.
   *
   * @throws {@link CorruptArtifactError} if the artifact is damaged
   */
  async record(): Promise<ArtifactRecord | undefined> {
    const { readRecord } = await explainPart();
    return readRecord(this[stateKey]);
  }

  /**
   * Removes the artifact and forgets the payload. Returns `false` if there was no artifact.
   *
   * @throws a StoreError; also if one layer of a store does not answer and may be the only one that
   * has the artifact: nothing is removed then.
   */
  async remove(): Promise<boolean> {
    const { removePayload } = await operationsPart();
    return removePayload(this[stateKey]);
  }

  /**
   * Forgets the payload in memory, even one that could not be persisted. Persisted artifacts stay.
   */
  resetPayload(): void {
    void forgetPayload(this[stateKey]);
  }

  /**
   * Validates the given payload, or the one in memory.
   *
   * @throws {@link InvalidPayloadError}; {@link NoPayloadError} if none is given and none is in
   * memory
   */
  async validate(...payload: [] | [payload: Payload]): Promise<void> {
    const { validatePayload } = await operationsPart();
    await validatePayload(this[stateKey], payload);
  }

  /**
   * Makes the payload. The params, and the untracked values of the call, are the only channel into
   * it.
   */
  protected abstract generatePayload(context: GenerateContext<Params, Dependencies>): Payload | Promise<Payload>;

  /**
   * Throws {@link InvalidPayloadError} if a payload, generated or loaded, is not what it should be.
   */
  protected validatePayload(_payload: Payload, _context: HookContext<Params, Dependencies>): void | Promise<void> {}

  /**
   * Returns a few numbers and words about a payload that was generated and validated, for its
   * record; none by default.
   */
  protected summarizePayload(
    _payload: Payload,
    _context: HookContext<Params, Dependencies>,
  ): Summary | undefined | Promise<Summary | undefined> {
    return undefined;
  }

  /** Runs after a payload was loaded and validated. */
  protected postLoad(_payload: Payload, _context: HookContext<Params, Dependencies>): void | Promise<void> {}

  /** Runs after a payload was generated, validated and persisted. */
  protected postGenerate(_payload: Payload, _context: HookContext<Params, Dependencies>): void | Promise<void> {}

  /** Gives name, params and the beginning of the address: `points { n: 100 } (3f9a1c2e…)`. */
  toString(): string {
    return `${visibleLine(this.name)} ${describeParams(this[stateKey].recipe.recipeParams)} (${describeAddress(this.address)})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  async [Symbol.for("Jupyter.display")](): Promise<NotebookDisplay> {
    const { displayPersistable } = await displayPersistablePart();
    return displayPersistable(this[stateKey]);
  }

  /** The name and the address, without the payload: `JSON.stringify` calls this. */
  toJSON(): { name: string; address: Address } {
    return { name: this.name, address: this.address };
  }
}

/** The options may be left out if no param and no dependency is required. */
export type ConstructorArguments<Params, Dependencies> =
  Record<never, never> extends Params
    ? Record<never, never> extends Dependencies
      ? [options?: ConstructorOptions<Params, Dependencies>]
      : [options: ConstructorOptions<Params, Dependencies>]
    : [options: ConstructorOptions<Params, Dependencies>];
