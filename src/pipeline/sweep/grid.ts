import type { Untracked } from "../../params/untracked.ts";
import type { IsSame } from "../../persistable/definition.ts";
import type { AnyDependency, AnyPersistable, PersistableOptions } from "../../persistable/persistable.ts";
import type { Axis, Continuous, Fixed } from "./axis.ts";

/**
 * A definition that can be swept, as `definePersistable` returns it. A class of persistables cannot
 * be swept, because its constructor takes no params tree.
 */
export interface SweptDefinition {
  (...args: never): AnyPersistable;
  readonly payloadName: string;
  readonly dependencies: object;
}

/** A definition as a sweep calls it. The type of the grid has ensured that the tree fits. */
export interface BuildingDefinition extends SweptDefinition {
  (tree: object, options: PersistableOptions): AnyPersistable;
}

/**
 * A params tree in which any parameter may have many values. An array or an {@link axis} makes one
 * point for each of its values, a function computes the value from the rest of the point, and
 * anything else is the value itself. A role takes a grid of its dependency, a persistable that is
 * already built, or an array of persistables and params trees.
 *
 * @typeParam Tree - what the definition is called with
 */
export type Grid<Tree> = GridOfTree<Tree, Point<Tree>>;

type GridOfTree<Tree, Root> = {
  readonly [Key in keyof Tree]: IsRole<Tree[Key]> extends true
    ? RoleEntry<Tree[Key], Point<Tree>, Root, Unset<Tree, Key>>
    : ParamEntry<Defined<Tree[Key]>, Point<Tree>, Root, Unset<Tree, Key>>;
};

/**
 * The entry of a parameter. If the parameter may itself be an array, only `fixed` and `axis` are
 * allowed for arrays, since they say what an array means.
 */
type ParamEntry<Value, Level, Root, Left> =
  | ParamValues<Value, Left>
  | Continuously<Value>
  | ((point: Level, root: Root) => ParamValues<Value, Left> | Continuously<Value> | Left);

type ParamValues<Value, Left> =
  | Exclude<Value, ArrayIn<Value>>
  | ([ArrayIn<Value>] extends [never] ? readonly (Value | Left)[] : never)
  | Axis<Value | Left>
  | Fixed<Value>;

type Continuously<Value> = number extends Value ? Continuous : never;

type RoleEntry<Given, Level, Root, Left> =
  | GridOfTree<SubtreeOf<Given>, Root>
  | RoleValues<Defined<Given>>
  | ((point: Level, root: Root) => RoleValues<Defined<Given>> | SubtreeOf<Given> | Left);

type RoleValues<Given> = Extract<Given, AnyDependency> | readonly Given[] | Axis<Given>;

/**
 * A point as the functions of a grid see it: a params tree in which untracked values have no
 * wrapper, and a role has the params of its dependency.
 *
 * The value of a function that is called later is not known yet: reading it throws an
 * {@link InvalidSweepError}.
 */
export type Point<Tree> = [Tree] extends [never]
  ? Readonly<Record<string, unknown>>
  : {
      readonly [Key in keyof Tree]: IsRole<Tree[Key]> extends true ? Point<SubtreeOf<Tree[Key]>> : Tracked<Tree[Key]>;
    };

/** The dotted paths of all params and roles: each may have an axis. */
export type GridPath<Tree> = {
  [Key in keyof Tree & string]-?: IsRole<Tree[Key]> extends true
    ? Key | `${Key}.${GridPath<SubtreeOf<Tree[Key]>>}`
    : Key;
}[keyof Tree & string];

type IsRole<Given> = 0 extends 1 & Given ? false : [Extract<Given, AnyDependency>] extends [never] ? false : true;

/** The params tree that a role takes; `never` if its dependency is a class. */
type SubtreeOf<Given> = Exclude<Given, AnyDependency | undefined>;

/**
 * A type without `undefined`. It is never `unknown` itself: a union with `unknown` would swallow
 * the functions that a grid also takes.
 */
type Defined<Value> = unknown extends Value ? NonNullable<unknown> | null : Exclude<Value, undefined>;

/** `undefined` in an axis, or from a function, leaves a parameter out, but only an optional one. */
type Unset<Tree, Key extends keyof Tree> = Record<never, never> extends Pick<Tree, Key> ? undefined : never;

type ArrayIn<Value> = Extract<Value, readonly unknown[]>;

/**
 * The type of a parameter without untracked values. Only the wrapper itself is removed, and not a
 * parameter that happens to have the same shape.
 */
type Tracked<Value> =
  Value extends Untracked<infer Wrapped> ? (IsSame<Value, Untracked<Wrapped>> extends true ? never : Value) : Value;
