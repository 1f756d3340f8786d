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

/**
 * The function that `definePersistable` returns. Call it with a params tree to build a persistable.
 * The tree has the same shape as the params in a record.
 *
 * @typeParam Payload - the type of the payload
 * @typeParam Tree - the params tree that a caller writes: own params, and under each role the tree
 * of the dependency, or a persistable that is already built
 * @typeParam Params - own params as the schema returns them, defaults filled in
 * @typeParam Dependencies - persistables by role
 * @typeParam Summary - the type of the summary in the record
 */
export interface Definition<
  Payload,
  Tree,
  Params extends object,
  Dependencies extends { readonly [role: string]: AnyDependency },
  Summary = unknown,
> {
  /** Builds a persistable. Reads and writes nothing. */
  (...args: DefinitionArguments<Tree>): Persistable<Payload, Params, Dependencies, Summary>;
  readonly payloadName: string;
  /** The definitions under each role. */
  readonly dependencies: { readonly [role in keyof Dependencies]: DependencyDeclaration };
  /** Exists for types only: no object has it. */
  readonly [treeKey]?: Tree;
}

/** The arguments of a definition: the tree may be left out if all its parts are optional. */
export type DefinitionArguments<Tree> =
  Record<never, never> extends Tree
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
  ? Record<never, never>
  : Declared extends { readonly [treeKey]?: infer Tree }
    ? Tree
    : never;

/** Makes editors show an intersection of types as one plain object. */
export type Flatten<Type> = { [Key in keyof Type]: Type[Key] } & {};

export type ParamsSchema = StandardSchemaV1<unknown, object> | undefined;

/** Own params as a caller writes them: each may be wrapped as untracked. */
export type OwnInput<Schema extends ParamsSchema> =
  Schema extends StandardSchemaV1<infer Input, unknown>
    ? { [Key in keyof Input]: Input[Key] | Untracked<Input[Key]> }
    : unknown;

/** Own params as the generator gets them. */
export type OwnParams<Schema extends ParamsSchema> =
  Schema extends StandardSchemaV1<unknown, infer Output extends object> ? Output : Record<never, never>;

/** Dependency declarations by role. */
export interface DependencyDeclarations {
  readonly [role: string]: DependencyDeclaration;
}

export type PersistablesOf<Declared extends DependencyDeclarations> = Flatten<{
  readonly [Role in keyof Declared]: PersistableOf<Declared[Role]>;
}>;

type OptionalRoles<Declared extends DependencyDeclarations> = {
  [Role in keyof Declared]: Record<never, never> extends TreeOf<Declared[Role]> ? Role : never;
}[keyof Declared];

type RoleTrees<Declared extends DependencyDeclarations> = {
  [Role in Exclude<keyof Declared, OptionalRoles<Declared>>]: TreeOf<Declared[Role]> | PersistableOf<Declared[Role]>;
} & {
  [Role in OptionalRoles<Declared>]?: TreeOf<Declared[Role]> | PersistableOf<Declared[Role]>;
};

/** The params tree that a caller writes to build a persistable. */
export type ParamsTree<Schema extends ParamsSchema, Declared extends DependencyDeclarations> = Flatten<
  OwnInput<Schema> & RoleTrees<Declared>
>;
