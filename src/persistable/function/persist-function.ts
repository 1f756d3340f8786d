import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { Format } from "../../format/format.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { DeclarationOptions } from "../declare/declaration.ts";
import { declarationKey } from "../declare/declaring-class.ts";
import { roleKey } from "../declare/family.ts";
import type { HookContext } from "../declare/hooks.ts";
import { stateKey } from "../declare/state.ts";
import { defineBy, typedParams } from "../define-persistable.ts";
import type { Definition } from "../definition.ts";
import { loadOrGenerate, payloadOf } from "../load-or-generate.ts";
import type { Persistable, PersistableOptions } from "../persistable.ts";
import type { BuildOptions, BuildPersistable } from "../untyped-definition.ts";
import { lazyRecords } from "./lazy-records.ts";
import { ArgumentReader } from "./read-arguments.ts";

const callFunctionPart = lazyPart(() => import("./call-function.ts"));
const streamPayloadPart = lazyPart(() => import("../stream-payload.ts"));

type AnyFunction = (...args: never) => unknown;

/** The arguments of a function. */
export type ArgumentsOf<Fn> = Fn extends (...args: infer Args) => unknown ? Args : never;

/**
 * The part of a call that is persisted: what its promise gives, or the items of an async generator.
 */
export type FunctionPayload<Fn extends AnyFunction> =
  ReturnType<Fn> extends AsyncGenerator<infer Item, unknown, never> ? AsyncIterable<Item> : Awaited<ReturnType<Fn>>;

/** The arguments of a call by their names, or their positions. */
export type CallParams = Readonly<Record<string, unknown>>;

type CallContext = HookContext<CallParams, Record<never, never>>;

/** The options of a persisted function: those of a definition, and how arguments become params. */
export interface FunctionOptions<Fn extends AnyFunction>
  extends Omit<DeclarationOptions, "format" | "readFormats" | "untracked" | "maxAge">,
    Omit<PersistableOptions, "draw" | "memory"> {
  /**
   * Names the payloads, their folder and their log, and is part of the key. The name of the
   * function itself is not used, since minifiers change it.
   */
  readonly name: string;
  /**
   * Names for the arguments, in order: `["text", "options"]`. Records and explanations then show
   * these names instead of positions. The names are part of the key.
   */
  readonly parameters?: readonly string[] | undefined;
  /**
   * Arguments that never count, by position or name, and parts of them: `[2, "1.verbose"]`. A
   * function is only possible there.
   */
  readonly untracked?: readonly (string | number)[] | undefined;
  /**
   * For methods: what of the object counts, `(client: Client) => client.model`. Without it, a
   * function that reads `this` is refused.
   */
  readonly self?: ((self: never) => unknown) | undefined;
  /** The age from which a payload has expired, in milliseconds; or what returns it. */
  readonly maxAge?: number | ((payload: NoInfer<FunctionPayload<Fn>>, record: ArtifactRecord) => number) | undefined;
  /** The format in which a payload becomes bytes; `structured()` by default. Not in the recipe. */
  readonly format?: Format<NoInfer<FunctionPayload<Fn>>> | undefined;
  /** Formats of earlier artifacts that should still load; none by default. */
  readonly readFormats?: readonly Format<NoInfer<FunctionPayload<Fn>>>[] | undefined;
  /** Throws where a payload, generated or loaded, is not what it should be. */
  readonly validate?:
    | ((payload: NoInfer<FunctionPayload<Fn>>, context: CallContext) => void | Promise<void>)
    | undefined;
  /** A few numbers and words about a payload, for its record. */
  readonly summarize?: ((payload: NoInfer<FunctionPayload<Fn>>, context: CallContext) => object) | undefined;
}

/**
 * A function whose calls are persisted: the function's own type where that returns a promise or an
 * async generator, else the same with a promise.
 */
export type PersistedFunction<Fn extends AnyFunction> = AsyncForm<Fn> & PersistedCalls<Fn>;

type AsyncForm<Fn extends AnyFunction> =
  ReturnType<Fn> extends PromiseLike<unknown> | AsyncGenerator<unknown, unknown, never>
    ? Fn
    : (this: ThisParameterType<Fn>, ...args: ArgumentsOf<Fn>) => Promise<Awaited<ReturnType<Fn>>>;

/** A persisted function has these besides its call. */
export interface PersistedCalls<Fn extends AnyFunction> {
  /** The persistable behind a call: explain it, remove it, plan and run it. */
  persistable(this: unknown, ...args: ArgumentsOf<Fn>): Persistable<FunctionPayload<Fn>, CallParams>;
  /** The definition of the persistables: declare it as a dependency, or sweep over it. */
  readonly definition: Definition<FunctionPayload<Fn>, CallParams>;
  /** The same function with another place, logger or draw. */
  with(options: PersistableOptions): PersistedFunction<Fn>;
}

/**
 * Keep the results of a function: each call with the same arguments runs once, is persisted, and is
 * loaded from then on.
 *
 * Arguments are compared by value, as params are: an option that is `undefined` counts as left out,
 * and an `AbortSignal`, a logger and a secret are ignored wherever they are. A synchronous function
 * becomes one that returns a promise. An async generator yields its items as they come, and replays
 * them in later calls.
 *
 * @throws {@link DefinitionError} where the name or an option cannot be used
 *
 * @example
 * ```ts
 * import { generateText } from "ai";
 * import { persistFunction } from "persistable-ts";
 *
 * const summary = persistFunction(
 *   async (text: string, { model }: { model: string }) => (await generateText({ model, prompt: text })).text,
 *   { name: "summary", dataDir: "data" },
 * );
 * await summary("Call me Ishmael.", { model: "openai/gpt-5" }); // asks once, and never again
 * await summary.persistable("Call me Ishmael.", { model: "openai/gpt-5" }).explain(); // and all else of a persistable
 * ```
 */
export function persistFunction<Fn extends AnyFunction>(fn: Fn, options: FunctionOptions<Fn>): PersistedFunction<Fn>;
export function persistFunction(fn: AnyFunction, options: FunctionOptions<AnyFunction>): unknown {
  if (typeof fn !== "function")
    throw new DefinitionError(`persistFunction was given ${describeKind(fn)}. Give a function, and then its options.`);
  const { dataDir, logger, verbose, onEvent, limits, parameters, untracked, self, ...declared } = options;
  const { name } = options;
  const reader = new ArgumentReader(name, { parameters, untracked, self });
  const definition = defineBy(fn, {
    ...(isAsyncGenerator(fn) ? { format: lazyRecords } : {}),
    ...declared,
    untracked: reader.untracked,
    params: typedParams<Record<string, unknown>>(),
    generate: async (context) => {
      const { callFunction } = await callFunctionPart();
      return callFunction(name, fn, reader, context);
    },
  });
  const defineFamily = () =>
    defineBy(fn, {
      name,
      version: options.version,
      isFamily: true,
      params: typedParams<object>(),
      generate: () => {
        throw new DefinitionError(
          `${name} is a persisted function: it has a payload for each call, and none of its own.`,
        );
      },
    });
  return withDefinition({ fn, definition, defineFamily, reader }, { dataDir, logger, verbose, onEvent, limits });
}

interface FunctionParts {
  readonly fn: AnyFunction;
  readonly definition: (tree: CallParams, options: BuildOptions) => Persistable;
  /** Defines the family, which stands for all calls in the recipes of dependents. */
  readonly defineFamily: () => BuildPersistable;
  readonly reader: ArgumentReader;
}

/** Returns the persisted function of a definition, with the options for its calls. */
function withDefinition(parts: FunctionParts, options: BuildOptions): object {
  const { fn, definition, reader } = parts;
  const build = (self: unknown, args: readonly unknown[]) => {
    const { params, live, signals } = reader.read(self, args);
    const persistable = definition(params, live === undefined ? options : { ...options, liveValues: live });
    return { persistable, signals };
  };
  const call = isAsyncGenerator(fn)
    ? async function* (this: unknown, ...args: unknown[]) {
        const { persistable, signals } = build(this, args);
        const { streamOf } = await streamPayloadPart();
        yield* streamOf(persistable[stateKey], { signal: joined(signals) });
      }
    : function (this: unknown, ...args: unknown[]) {
        try {
          const { persistable, signals } = build(this, args);
          const state = persistable[stateKey];
          return signals.length === 0 ? payloadOf(state) : loadOrGenerate(state, { signal: joined(signals) });
        } catch (error) {
          return Promise.reject(error);
        }
      };
  Object.defineProperty(call, "name", { value: fn.name, configurable: true });
  Object.defineProperty(call, "length", { value: fn.length, configurable: true });
  const persisted = Object.assign(call, {
    definition,
    persistable(this: unknown, ...args: unknown[]) {
      return build(this === call ? undefined : this, args).persistable;
    },
    with: (more: PersistableOptions) => withDefinition(parts, { ...options, ...more }),
  });
  let role: unknown;
  // Few functions play a role, so what they need for it is made when a dependent asks for it.
  const getRole = (): unknown => {
    role ??= roleOf(parts, options);
    return role;
  };
  return Object.defineProperty(persisted, roleKey, { get: getRole });
}

/**
 * Returns the function in the form that plays a role: the store of the dependent keeps its calls.
 */
function roleOf(parts: FunctionParts, options: BuildOptions): unknown {
  const family = parts.defineFamily();
  const build = (_: unknown, given: BuildOptions): object => {
    const own = { ...options, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
    const state = family(PARAMS_OF_FAMILY, own)[stateKey];
    const bound = withDefinition(parts, { ...own, family: state });
    return Object.defineProperty(bound, stateKey, { value: state });
  };
  Object.defineProperty(build, declarationKey, { value: Reflect.get(family, declarationKey) });
  return Object.assign(build, { payloadName: family.payloadName, dependencies: {} });
}

/** Keeps the address of the family apart from that of a call without arguments. */
const PARAMS_OF_FAMILY = { calls: "any" } as const;

/** Joins the signals of a call: aborting any of them aborts the call. */
function joined(signals: readonly AbortSignal[]): AbortSignal | undefined {
  return signals.length > 1 ? AbortSignal.any([...signals]) : signals[0];
}

function isAsyncGenerator(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn) === "[object AsyncGeneratorFunction]";
}
