import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Untracked } from "../params/untracked.ts";
import type { AnyPersistable, Persistable, PersistableOptions, summaryKey } from "./persistable.ts";

declare const treeKey: unique symbol;

/**
 * What `definePersistable` gives: call it with a params tree to build a persistable. The tree is the same shape as the params in a record.
 *
 * @typeParam Payload - what is generated
 * @typeParam Tree - what is written: own params, and under each role the dependency's tree or a persistable that is already built
 * @typeParam Params - own params after the schema, defaults filled in
 * @typeParam Dependencies - persistables by role
 * @typeParam Summary - what is recorded of a payload besides
 */
export interface Definition<
  Payload,
  Tree,
  Params extends object,
  Dependencies extends { readonly [role: string]: AnyPersistable },
  Summary = unknown,
> {
  /** Build a persistable. Reads and writes nothing. */
  (...args: DefinitionArguments<Tree>): Persistable<Payload, Params, Dependencies, Summary>;
  readonly payloadName: string;
  /** The definitions under each role. */
  readonly dependencies: { readonly [role in keyof Dependencies]: DependencyDeclaration };
  /** Types only. */
  readonly [treeKey]?: Tree;
}

/** A tree that has required parts must be given. */
export type DefinitionArguments<Tree> =
  Record<never, never> extends Tree
    ? [tree?: Tree, options?: PersistableOptions]
    : [tree: Tree, options?: PersistableOptions];

/** What may stand under a role: a definition, or a class that extends `Persistable`. */
export type DependencyDeclaration =
  | ((...args: never) => AnyPersistable)
  | (abstract new (
      ...args: never
    ) => AnyPersistable);

/** The persistable that a definition or class gives. */
export type PersistableOf<Declared> = Declared extends (...args: never) => infer Built
  ? Extract<Built, AnyPersistable>
  : Declared extends abstract new (
        ...args: never
      ) => infer Built
    ? Extract<Built, AnyPersistable>
    : never;

/** The summary that is recorded of a payload, of a persistable, its definition or its class: `SummaryOf<typeof gaussianPoints>`. */
export type SummaryOf<Declared> = Declared extends AnyPersistable
  ? SummaryOfBuilt<Declared>
  : SummaryOfBuilt<PersistableOf<Declared>>;

type SummaryOfBuilt<Built> = Built extends { readonly [summaryKey]?: infer Summary } ? Summary : unknown;

/** What is written to build it; for a class, only a persistable that is already built. */
export type TreeOf<Declared> = Declared extends { readonly [treeKey]?: infer Tree } ? Tree : never;

/** Shows a type as the plain object that it is. */
export type Flatten<Type> = { [Key in keyof Type]: Type[Key] } & {};

export type ParamsSchema = StandardSchemaV1<unknown, object> | undefined;

/** Own params as they are written: each may be wrapped as untracked. */
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

/** What is written to build a persistable of a definition. */
export type ParamsTree<Schema extends ParamsSchema, Declared extends DependencyDeclarations> = Flatten<
  OwnInput<Schema> & RoleTrees<Declared>
>;
