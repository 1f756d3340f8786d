import type { Untracked } from "../../params/untracked.ts";
import type { AnyPersistable, PersistableOptions } from "../../persistable/persistable.ts";
import type { Axis, Continuous, Fixed } from "./axis.ts";

/** What can be swept: what `definePersistable` gave. A class of persistables takes no params tree, and cannot. */
export interface SweptDefinition {
  (...args: never): AnyPersistable;
  readonly payloadName: string;
  readonly dependencies: object;
}

/** A definition as a sweep calls it: the grid has made sure that the tree is one of its trees. */
export interface BuildingDefinition extends SweptDefinition {
  (tree: object, options: PersistableOptions): AnyPersistable;
}

/**
 * A params tree in which any parameter may stand for many values: an array or an {@link axis} is one point for each of them, a function works its value out from the rest
 * of the point, anything else is the value itself. A role takes a grid of its dependency, persistables that are already built, or an array of these.
 *
 * @typeParam Tree - what the definition is called with
 */
export type Grid<Tree> = GridOfTree<Tree, Point<Tree>>;

type GridOfTree<Tree, Root> = {
  readonly [Key in keyof Tree]: IsRole<Tree[Key]> extends true
    ? RoleEntry<Tree[Key], Point<Tree>, Root, Unset<Tree, Key>>
    : ParamEntry<Defined<Tree[Key]>, Point<Tree>, Root, Unset<Tree, Key>>;
};

/** A parameter: `fixed` and `axis` say what an array means where the parameter itself may be one. */
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

type RoleValues<Given> = Extract<Given, AnyPersistable> | readonly Given[] | Axis<Given>;

/**
 * A point as functions of a grid see it: a params tree without the wrappers of untracked values, with the params of whatever stands under a role.
 *
 * What another function works out later is not there yet: reading it throws an {@link InvalidSweepError}.
 */
export type Point<Tree> = [Tree] extends [never]
  ? Readonly<Record<string, unknown>>
  : {
      readonly [Key in keyof Tree]: IsRole<Tree[Key]> extends true ? Point<SubtreeOf<Tree[Key]>> : Tracked<Tree[Key]>;
    };

/** Dotted paths of everything that can have an axis. */
export type GridPath<Tree> = {
  [Key in keyof Tree & string]-?: IsRole<Tree[Key]> extends true
    ? Key | `${Key}.${GridPath<SubtreeOf<Tree[Key]>>}`
    : Key;
}[keyof Tree & string];

type IsRole<Given> = 0 extends 1 & Given ? false : [Extract<Given, AnyPersistable>] extends [never] ? false : true;

/** The tree that may stand under a role; never under that of a class. */
type SubtreeOf<Given> = Exclude<Given, AnyPersistable | undefined>;

/** Not `unknown` itself, which would swallow the functions that may stand beside it. */
type Defined<Value> = unknown extends Value ? NonNullable<unknown> | null : Exclude<Value, undefined>;

/** What leaves a parameter out, in an axis or from a function. */
type Unset<Tree, Key extends keyof Tree> = Record<never, never> extends Pick<Tree, Key> ? undefined : never;

type ArrayIn<Value> = Extract<Value, readonly unknown[]>;

/** Only the wrapper itself, and no parameter that happens to look like it. */
type Tracked<Value> =
  Value extends Untracked<infer Wrapped> ? (IsSame<Value, Untracked<Wrapped>> extends true ? never : Value) : Value;

type IsSame<A, B> = (<Type>() => Type extends A ? 1 : 2) extends <Type>() => Type extends B ? 1 : 2 ? true : false;
