import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Untracked } from "../params/untracked.ts";
import type {
  AnyDependency,
  AnyMap,
  AnyPersistable,
  AnyPersistedFunction,
  Persistable,
  PersistableOptions,
  summaryKey,
} from "./persistable.ts";

export declare const treeKey: unique symbol;
declare const inputKey: unique symbol;
declare const outputKey: unique symbol;

/**
 * The function that `definePersistable` returns. Call it with a params tree to build a persistable.
 * The tree has the same shape as the params in a record.
 *
 * Every type parameter is shown where an editor shows a definition, once for each definition
 * upstream. That is why none of them repeats what follows from another: the params tree and the
 * persistables upstream are computed where they are needed.
 *
 * @typeParam Payload - the type of the payload
 * @typeParam Params - own params; {@link DefaultedParams} or {@link ParsedParams} if the schema returns
 * others than it is given
 * @typeParam Upstream - the declared dependencies by role
 * @typeParam Summary - the type of the summary in the record
 */
export interface Definition<Payload, Params extends object = None, Upstream = None, Summary = unknown> {
  /** Builds a persistable. Reads and writes nothing. */
  (
    ...args: DefinitionArguments<Tree<Params, Upstream>>
  ): Persistable<Payload, OutputParams<Params>, BuiltByRole<PersistablesOf<Upstream>>, Summary>;
  readonly payloadName: string;
  /** The definitions under each role. */
  readonly dependencies: { readonly [role in keyof Upstream]: DependencyDeclaration };
  /** Exists for types only: no object has it. */
  readonly [treeKey]?: Tree<Params, Upstream>;
}

/** No params, no dependencies, or no summary. */
export type None = Record<never, never>;

/** Own params that a schema returns with other types than it is given. */
export interface ParsedParams<Input, Output> {
  readonly [inputKey]: Input;
  readonly [outputKey]: Output;
}

/** Own params that have a default under some keys, so that a caller may leave these out. */
export interface DefaultedParams<Params, Key extends keyof Params> extends ParsedParams<LeftOut<Params, Key>, Params> {}

type LeftOut<Params, Key extends keyof Params> = Flatten<
  Omit<Params, Key> & { [Each in Key]?: Params[Each] | undefined }
>;

/** Own params in their shortest form. */
export type DeclaredParams<Schema extends ParamsSchema> =
  Schema extends StandardSchemaV1<infer Input, infer Output extends object>
    ? Shortest<Input, Output, OptionalKeys<Input> & keyof Output>
    : None;

type Shortest<Input, Output extends object, Key extends keyof Output> =
  IsSame<Input, Output> extends true
    ? Output
    : IsSame<Flatten<Input>, LeftOut<Output, Key>> extends true
      ? DefaultedParams<Output, Key>
      : ParsedParams<Input, Output>;

type OptionalKeys<Type> = { [Key in keyof Type]-?: None extends Pick<Type, Key> ? Key : never }[keyof Type];

type InputParams<Params> = Params extends ParsedParams<infer Input, unknown> ? Input : Params;

type OutputParams<Params extends object> =
  Params extends ParsedParams<unknown, infer Output extends object> ? Output : Params;

/** The arguments of a definition: the tree may be left out if all its parts are optional. */
export type DefinitionArguments<Tree> = None extends Tree
  ? [tree?: Tree, options?: PersistableOptions]
  : [tree: Tree, options?: PersistableOptions];

/**
 * A declaration under a role: a definition, a class that extends `Persistable`, a map, or a
 * persisted function.
 */
export type DependencyDeclaration =
  | ((...args: never) => AnyPersistable | AnyMap)
  | AnyPersistedFunction
  | (abstract new (
      ...args: never
    ) => AnyPersistable);

/**
 * The type of the persistable that a definition or a class builds. A persisted function plays a
 * role as it is.
 */
export type PersistableOf<Declared> = Declared extends AnyPersistedFunction
  ? Declared
  : Declared extends (...args: never) => infer Built
    ? Extract<Built, AnyPersistable | AnyMap>
    : Declared extends abstract new (
          ...args: never
        ) => infer Built
      ? Extract<Built, AnyPersistable>
      : never;

/**
 * The type of the summary of a persistable, or of what a definition or class builds:
 * `SummaryOf<typeof gaussianPoints>`.
 */
export type SummaryOf<Declared> = Declared extends AnyPersistable
  ? SummaryOfBuilt<Declared>
  : SummaryOfBuilt<PersistableOf<Declared>>;

type SummaryOfBuilt<Built> = Built extends { readonly [summaryKey]?: infer Summary } ? Summary : unknown;

/**
 * The params tree that a definition is called with. A class has none: under its role, only a
 * persistable that is already built can be given.
 */
export type TreeOf<Declared> = Declared extends AnyPersistedFunction
  ? None
  : Declared extends { readonly [treeKey]?: infer Tree }
    ? Tree
    : never;

/** Makes editors show an intersection of types as one plain object. */
export type Flatten<Type> = { [Key in keyof Type]: Type[Key] } & {};

export type ParamsSchema = StandardSchemaV1<unknown, object> | undefined;

/** Own params as a caller writes them: each may be wrapped as untracked. */
type OwnInput<Params> = { [Key in keyof Params]: Params[Key] | Untracked<Params[Key]> };

/** Own params as the generator gets them. */
export type OwnParams<Schema extends ParamsSchema> =
  Schema extends StandardSchemaV1<unknown, infer Output extends object> ? Output : None;

/** Dependency declarations by role. */
export interface DependencyDeclarations {
  readonly [role: string]: DependencyDeclaration;
}

/**
 * Dependencies by role, as an editor shows them on few lines: roles of the same type are together,
 * and no object has a line for each of them.
 */
export type ByRole<Roles> = IntersectionOf<
  {
    [Role in keyof Roles]: Record<
      { [Other in keyof Roles]: IsSame<Roles[Other], Roles[Role]> extends true ? Other : never }[keyof Roles],
      Roles[Role]
    >;
  }[keyof Roles]
>;

type IntersectionOf<Union> = [Union] extends [never]
  ? None
  : (Union extends unknown ? (value: Union) => void : never) extends (value: infer Intersection) => void
    ? Intersection
    : never;

type BuiltByRole<Roles> =
  ByRole<Roles> extends infer Built extends { readonly [role: string]: AnyDependency } ? Built : never;

/** Persistables by role. */
export type PersistablesOf<Upstream> = { readonly [Role in keyof Upstream]: PersistableOf<Upstream[Role]> };

type OptionalRoles<Upstream> = {
  [Role in keyof Upstream]: None extends TreeOf<Upstream[Role]> ? Role : never;
}[keyof Upstream];

type RoleTrees<Upstream> = {
  [Role in Exclude<keyof Upstream, OptionalRoles<Upstream>>]: TreeOf<Upstream[Role]> | PersistableOf<Upstream[Role]>;
} & {
  [Role in OptionalRoles<Upstream>]?: TreeOf<Upstream[Role]> | PersistableOf<Upstream[Role]>;
};

/** The params tree that a caller writes to build a persistable. */
export type Tree<Params, Upstream = None> = Flatten<OwnInput<InputParams<Params>> & RoleTrees<Upstream>>;

/** True only for two types that are the same, and not if each could stand for the other. */
export type IsSame<A, B> =
  (<Type>() => Type extends A ? 1 : 2) extends <Type>() => Type extends B ? 1 : 2 ? true : false;
