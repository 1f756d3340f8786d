import type { StandardSchemaV1 } from "@standard-schema/spec";
import { messageOf } from "../errors/error-kind.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import type { Format } from "../format/format.ts";
import { CutLineage } from "../record/cut-lineage.ts";
import type { ArtifactRecord } from "../record/record.ts";
import type { SummaryValue } from "../record/summary-value.ts";
import { describeAddress } from "../util/describe-address.ts";
import { describeKind } from "../util/describe-kind.ts";
import { setOwn } from "../util/fields-of.ts";
import { checkDeclared, checkDefinition } from "./declare/check-definition.ts";
import { createDeclaration, type DeclarationOptions } from "./declare/declaration.ts";
import { declarationKey, type StateOptions } from "./declare/declaring-class.ts";
import { assertRoles } from "./declare/dependencies.ts";
import { builderOf } from "./declare/family.ts";
import type { GenerateContext, HookContext, HookPayload } from "./declare/hooks.ts";
import { hasState } from "./declare/state.ts";
import type {
  ByRole,
  DeclaredParams,
  Definition,
  DependencyDeclaration,
  DependencyDeclarations,
  Flatten,
  None,
  OwnParams,
  ParamsSchema,
  PersistablesOf,
} from "./definition.ts";
import { DEFINITION_OPTIONS } from "./definition-options.ts";
import { Persistable, type PersistableOptions } from "./persistable.ts";
import type { AnyParams, BuildOptions, BuildPersistable, Context, UntypedDefinition } from "./untyped-definition.ts";

/**
 * The parts of a definition. Write `generate` before the hooks that get its payload: TypeScript
 * infers types in the order of the keys, and the payload of a hook that comes first is
 * `WriteGenerateBeforeTheHooks`, and `unknown` for everything that is made from it.
 */
export interface PersistableDefinition<
  Payload,
  Schema extends ParamsSchema,
  Declared extends DependencyDeclarations,
  Summary = unknown,
> extends Omit<DeclarationOptions, "format" | "readFormats" | "untracked" | "earlierDefaults" | "maxAge"> {
  /** The name of the payload, of its folder and of its log. In the recipe. */
  readonly name: string;
  /** Any Standard Schema (zod, valibot, arktype, …), or {@link typedParams} for types alone. */
  readonly params?: Schema;
  /** Upstream definitions, each under the role that it plays here. */
  readonly dependencies?: Declared & {
    readonly [Role in keyof Declared &
      keyof OwnParams<Schema>]: `"${Role & string}" is already a parameter: give the dependency another role`;
  };
  /** Makes the payload. Params, dependencies and untracked values are the only channel into it. */
  readonly generate: (
    context: GenerateContext<Flatten<Readonly<OwnParams<Schema>>>, PersistablesOf<Declared>>,
  ) => Payload | Promise<Payload>;
  /**
   * Throws if a payload, generated or loaded, is not what it should be. Write it after `generate`:
   * if it comes first, TypeScript infers the payload as `unknown`.
   */
  readonly validate?: (
    payload: HookPayload<Payload>,
    context: HookContext<Flatten<Readonly<OwnParams<Schema>>>, PersistablesOf<Declared>>,
  ) => void | Promise<void>;
  /**
   * Returns a few numbers and words about a payload that was generated and validated, for its
   * record: `(points) => ({ mean: mean(points), n: points.length })`. A table of many artifacts can
   * then be made without reading any payload. Text, numbers, booleans, null and dates; at most 64
   * kB. Write it after `generate`: if it comes first, TypeScript infers the payload as `unknown`.
   */
  readonly summarize?: (
    payload: HookPayload<Payload>,
    context: HookContext<Flatten<Readonly<OwnParams<Schema>>>, PersistablesOf<Declared>>,
  ) => Summary | Promise<Summary>;
  /** Runs after a payload was loaded and validated. */
  readonly afterLoad?: (
    payload: HookPayload<Payload>,
    context: HookContext<Flatten<Readonly<OwnParams<Schema>>>, PersistablesOf<Declared>>,
  ) => void | Promise<void>;
  /** Runs after a payload was generated, validated and persisted. */
  readonly afterGenerate?: (
    payload: HookPayload<Payload>,
    context: HookContext<Flatten<Readonly<OwnParams<Schema>>>, PersistablesOf<Declared>>,
  ) => void | Promise<void>;
  /** Turns the payload into bytes; `structured()` by default. Not in the recipe. */
  readonly format?: Format<NoInfer<Payload>> | undefined;
  /** The age from which an artifact has expired, in ms; see {@link DeclarationOptions}. */
  readonly maxAge?: number | ((payload: HookPayload<Payload>, record: ArtifactRecord) => number) | undefined;
  /** Formats of earlier artifacts that should still load. */
  readonly readFormats?: readonly Format<NoInfer<Payload>>[] | undefined;
  /** Keys of params that never enter the recipe, and are recorded as such. */
  readonly untracked?: readonly (keyof OwnParams<Schema> & string)[] | undefined;
  /** Params that earlier releases did not have; see {@link DeclarationOptions}. */
  readonly earlierDefaults?: Partial<OwnParams<Schema>> | undefined;
}

/**
 * Declares a payload by its parameters.
 *
 * @throws {@link DefinitionError} if the name or a role cannot be used
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { z } from "zod";
 *
 * const gaussianPoints = definePersistable({
 *   name: "gaussian_points",
 *   params: z.object({ n: z.int().positive(), randomState: z.int().default(100) }),
 *   generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => Math.sin(params.randomState + i)),
 * });
 * await gaussianPoints({ n: 100 }, { dataDir: "example-data" }).payload; // loads, or generates
 * ```
 */
export function definePersistable<
  Payload,
  const Schema extends ParamsSchema = undefined,
  const Declared extends DependencyDeclarations = None,
  Summary extends SummaryShape<Summary> = None,
>(
  definition: PersistableDefinition<Payload, Schema, Declared, Summary>,
): Definition<Payload, DeclaredParams<Schema>, ByRole<Declared>, Summary> {
  return defineBy(definition.generate, definition as unknown as UntypedDefinition) as never;
}

/**
 * Like {@link definePersistable}, without its types.
 *
 * @param source - the function whose source text the records name
 */
export function defineBy(source: (...args: never) => unknown, definition: UntypedDefinition): BuildPersistable {
  const {
    name,
    params,
    dependencies: declared = {},
    generate,
    validate,
    summarize,
    afterLoad,
    afterGenerate,
    ...rest
  } = definition;
  checkDefinition(name, { ...definition }, ["generate"], DEFINITION_OPTIONS);
  const declaration = createDeclaration(name, params, rest, source, new Error("defined here"));
  const roles = Object.keys(declared);
  assertRoles(name, roles);

  class DefinedPersistable extends Persistable<unknown, AnyParams, Record<string, never>> {
    static override readonly payloadName = name;
    static readonly [declarationKey] = declaration;
    protected override generatePayload(context: GenerateContext<AnyParams, Record<string, never>>): unknown {
      return generate(context);
    }
    protected override validatePayload(payload: unknown, context: Context): void | Promise<void> {
      return validate?.(payload, context);
    }
    protected override summarizePayload(payload: unknown, context: Context): unknown {
      return summarize?.(payload, context);
    }
    protected override postLoad(payload: unknown, context: Context): void | Promise<void> {
      return afterLoad?.(payload, context);
    }
    protected override postGenerate(payload: unknown, context: Context): void | Promise<void> {
      return afterGenerate?.(payload, context);
    }
  }
  // Stack traces and debuggers show this name.
  Object.defineProperty(DefinedPersistable, "name", { value: name });

  const build = (
    tree: unknown = {},
    options: BuildOptions = {},
    built: BuiltSubtrees = { persistables: new Map(), depth: 0 },
  ): Persistable => {
    const { own, dependencies } = splitTree(name, params !== undefined, declared, tree, options, built);
    const { dataDir, logger, log, verbose, onEvent, draw, memory, limits, liveValues, family } = options;
    // The options are copied one by one and not spread: an object that always has the same shape
    // makes building a persistable noticeably cheaper.
    const stateOptions: StateOptions = {
      dataDir,
      logger,
      log,
      verbose,
      onEvent,
      draw,
      memory,
      limits,
      liveValues,
      family,
      params: own,
      dependencies,
    };
    return new DefinedPersistable(stateOptions as never) as unknown as Persistable;
  };
  Object.defineProperty(build, declarationKey, { value: declaration });
  return Object.assign(build, { payloadName: name, dependencies: declared });
}

/** Allows an interface as well as a type alias; a `Record` would refuse interfaces. */
type SummaryShape<Summary> = object & { readonly [Key in keyof Summary]: SummaryValue };

/** The persistables that were built so far from one params tree. */
interface BuiltSubtrees {
  /**
   * The key is the subtree, then the definition: a subtree that occurs more than once, or that was
   * left out, is built only once.
   */
  readonly persistables: Map<unknown, Map<unknown, unknown>>;
  /** The number of builds that are nested at the moment. */
  depth: number;
}

/**
 * At this depth, all that is upstream is built first, in a loop, so that the stack does not
 * overflow on a long lineage.
 */
const MAX_NESTED_BUILDS = 100;

interface SplitTree {
  readonly own: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, unknown>>;
}

function splitTree(
  name: string,
  hasParams: boolean,
  declared: DependencyDeclarations,
  tree: unknown,
  options: PersistableOptions,
  built: BuiltSubtrees,
): SplitTree {
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) {
    throw new DefinitionError(`${name} was given ${describeKind(tree)}. Give its params tree, an object.`);
  }
  const roles = Object.keys(declared);
  if (roles.length === 0 && hasParams) return { own: tree as Readonly<Record<string, unknown>>, dependencies: {} };
  const own: Record<string, unknown> = {};
  const dependencies: Record<string, unknown> = {};
  for (const key of Object.keys(tree)) {
    if (!Object.hasOwn(declared, key)) setOwn(own, key, Reflect.get(tree, key));
  }
  const [unknownKey] = hasParams ? [] : Object.keys(own);
  if (unknownKey !== undefined) {
    const known =
      roles.length === 0 ? "It has no params." : `It has no params of its own; its roles are ${roles.join(", ")}.`;
    throw new DefinitionError(`${name} was given ${JSON.stringify(unknownKey)}, which it does not know. ${known}`);
  }
  for (const role of roles) {
    dependencies[role] = buildDependency(
      name,
      role,
      declared[role] as DependencyDeclaration,
      Reflect.get(tree, role),
      options,
      built,
    );
  }
  return { own, dependencies };
}

function buildDependency(
  name: string,
  role: string,
  declared: DependencyDeclaration,
  given: unknown,
  options: PersistableOptions,
  built: BuiltSubtrees,
): unknown {
  if (hasState(given)) return given;
  if (given instanceof CutLineage) {
    throw new DefinitionError(
      `The record from which ${name} is built was cut above "${role}" (${describeAddress(given.address)}): its lineage is too large for one record. Build "${role}" from its own record and give it here.`,
    );
  }
  checkDeclared(name, role, declared);
  if (isClass(declared)) {
    throw new DefinitionError(
      `The dependency "${role}" of ${name} is declared as a class: build it (new ${declared.name}(…)) and give it under "${role}".`,
    );
  }
  const known = built.persistables.get(given)?.get(declared);
  if (known !== undefined) return known;
  const { dataDir, logger, log, verbose, onEvent } = options;
  const build = builderOf(declared) as (tree: unknown, options: PersistableOptions, built: BuiltSubtrees) => unknown;
  if (built.depth === MAX_NESTED_BUILDS) buildUpstreamFirst(name, role, declared, given, options, built);
  built.depth += 1;
  const dependency = buildNamed(name, role, given, () =>
    build(given, { dataDir, logger, log, verbose, onEvent }, built),
  );
  built.depth -= 1;
  const ofSubtree = built.persistables.get(given) ?? new Map<unknown, unknown>();
  built.persistables.set(given, ofSubtree.set(declared, dependency));
  return dependency;
}

/**
 * A dependency that a params tree describes: `declared` is what it is built by, and `given` is its
 * subtree. The persistable `name` uses it under `role`.
 */
interface Described {
  readonly name: string;
  readonly role: string;
  readonly declared: DependencyDeclaration;
  readonly given: unknown;
}

/**
 * Builds everything upstream of one dependency without recursion. Each persistable is built after
 * those that it is made from.
 */
function buildUpstreamFirst(
  name: string,
  role: string,
  declared: DependencyDeclaration,
  given: unknown,
  options: PersistableOptions,
  built: BuiltSubtrees,
): void {
  const isBuilt = (one: Described): boolean => built.persistables.get(one.given)?.has(one.declared) === true;
  const stack: Described[] = [{ name, role, declared, given }];
  const { depth } = built;
  const waiting = new Map<unknown, Set<unknown>>();
  // Each build in this loop finds its dependencies built, so no builds are nested in it.
  built.depth = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const missing = isBuilt(top) ? [] : describedBy(top).filter((upstream) => !isBuilt(upstream));
    if (missing.length > 0) {
      const ofSubtree = waiting.get(top.given) ?? new Set();
      // A dependency that waits already, and is found again before it is built, waits for itself.
      if (ofSubtree.has(top.declared)) {
        throw new DefinitionError(
          `The dependency "${top.role}" of ${top.name} is upstream of itself. Lineage has no cycles: give one of them another dependency.`,
        );
      }
      waiting.set(top.given, ofSubtree.add(top.declared));
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (stack.length > 0) buildDependency(top.name, top.role, top.declared, top.given, options, built);
  }
  built.depth = depth;
}

/**
 * Returns the dependencies that have to be built from a tree. It leaves out those that the tree
 * already holds as persistables, and those that cannot be built from it.
 */
function describedBy({ declared, given }: Described): Described[] {
  const { payloadName, dependencies } = builderOf(declared) as unknown as {
    readonly payloadName: string;
    readonly dependencies?: DependencyDeclarations;
  };
  return Object.entries(dependencies ?? {}).flatMap(([role, upstream]) => {
    const tree: unknown = typeof given === "object" && given !== null ? Reflect.get(given, role) : undefined;
    const isReady = hasState(tree) || tree instanceof CutLineage;
    return isReady || isClass(upstream) ? [] : [{ name: payloadName, role, declared: upstream, given: tree }];
  });
}

/**
 * Builds a dependency. If its tree was left out, the error says so, since it would otherwise only
 * name params of which the caller may never have heard.
 */
function buildNamed(name: string, role: string, given: unknown, build: () => unknown): unknown {
  try {
    return build();
  } catch (cause) {
    if (given !== undefined) throw cause;
    throw new DefinitionError(
      `${name} was built without its dependency "${role}", which has params that must be given: { ${role}: { … } }. ${messageOf(cause)}`,
      { cause },
    );
  }
}

function isClass(declared: DependencyDeclaration): boolean {
  return declared.prototype instanceof Persistable;
}

/**
 * Params that are typed but not checked: a Standard Schema that accepts everything. For checks and
 * defaults, use a schema library.
 *
 * @example
 * ```ts
 * import { definePersistable, typedParams } from "persistable-ts";
 *
 * definePersistable({
 *   name: "pages",
 *   params: typedParams<{ url: string; depth?: number }>(),
 *   generate: async ({ params }) => (await fetch(params.url)).text(),
 * });
 * ```
 */
export function typedParams<Params extends object>(): StandardSchemaV1<Params, Params> {
  return { "~standard": { version: 1, vendor: "persistable-ts", validate: (value) => ({ value: value as Params }) } };
}
