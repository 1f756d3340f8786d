import type { ClassCodec } from "../util/class-codec.ts";
import type { Address } from "./address.ts";

/**
 * One node of a recipe as the record, the explanation and the plan see it: the ingredients of a
 * persistable. Nodes form a directed acyclic graph; a shared dependency is one object however many
 * paths lead to it.
 */
export interface RecipeNode {
  readonly name: string;
  readonly version: string | number | undefined;
  /** 0 unless this is one of several independent payloads of the same params. */
  readonly draw: number;
  readonly address: Address;
  /** The params of this node itself, in declared order, with defaults and without secrets. */
  readonly recipeParams: readonly RecipeParam[];
  readonly dependencies: Readonly<Record<string, RecipeNode>>;
  /** The codecs for instances in the params. */
  readonly classes: readonly ClassCodec[];
}

export interface RecipeParam {
  readonly key: string;
  readonly value: unknown;
  /**
   * `tracked`: in the recipe. `implicit`: has the value that earlier releases had without declaring
   * it, and so stays out of the recipe. `untracked`: deliberately outside, recorded as such.
   */
  readonly kind: "tracked" | "implicit" | "untracked";
}
