import type { Address } from "../../address/address.ts";
import type { RecipeNode } from "../../address/recipe-node.ts";
import type { MissReason, RecipeChange } from "../../artifact/explain/miss.ts";
import type { State } from "../../persistable/declare/state.ts";
import { redactionOf } from "../../persistable/secrets/redaction.ts";
import { encodeOwnParams, encodeShown } from "../../record/encode-params-tree.ts";

/**
 * A node of a plan as JSON. Values of params are tagged as in a record, so that NaN, dates and big
 * integers survive; secrets are left out.
 */
export interface PlanNodeJson {
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  readonly state: "hit" | "miss" | "blocked";
  readonly isTarget: boolean;
  readonly isNeeded: boolean;
  readonly isForced: boolean;
  /** Absent if the definition has none. */
  readonly version?: string | number;
  /** Absent for draw 0. */
  readonly draw?: number;
  /** Own params; those of a dependency are in its node. */
  readonly params: Readonly<Record<string, unknown>>;
  /** With tagged values. */
  readonly reason?: MissReason;
  /** Milliseconds. */
  readonly expectedMs?: number;
  readonly expectedCost?: Readonly<Record<string, number>>;
  /** The indices of the nodes that it is made from. */
  readonly dependencies: readonly number[];
}

/** The fields that come from the node itself. */
interface ToldNode
  extends Pick<PlanNodeJson, "index" | "name" | "address" | "state" | "isTarget" | "isNeeded" | "isForced"> {
  readonly reason: MissReason | undefined;
  readonly expectedMs: number | undefined;
  readonly expectedCost: Readonly<Record<string, number>> | undefined;
}

/** @param dependencies - the indices of the nodes that it is made from */
export function nodeToJson(node: ToldNode, state: State, dependencies: readonly number[]): PlanNodeJson {
  const { index, name, address, isTarget, isNeeded, isForced, reason, expectedMs, expectedCost } = node;
  const { version, draw } = state.recipe;
  const redaction = redactionOf(state);
  return {
    ...{ index, name, address, state: node.state, isTarget, isNeeded, isForced },
    ...(version === undefined ? {} : { version }),
    ...(draw === 0 ? {} : { draw }),
    params: redaction.value(encodeOwnParams(state.recipe)),
    ...(reason === undefined ? {} : { reason: redaction.value(reasonToJson(reason, state)) }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
    ...(expectedCost === undefined ? {} : { expectedCost: redaction.amounts(expectedCost) }),
    dependencies,
  };
}

function reasonToJson(reason: MissReason, state: State): MissReason {
  if (!("changes" in reason)) return reason;
  const changes = reason.changes.map(
    (change): RecipeChange => ({
      what: change.what,
      roles: change.roles,
      key: change.key,
      ...changeToJson(change, nodeUnder(state.recipe, change.roles), state),
    }),
  );
  return { ...reason, changes };
}

function nodeUnder(root: RecipeNode, roles: readonly string[]): RecipeNode {
  return roles.reduce((node, role) => node.dependencies[role] ?? node, root);
}

type ChangedValues = Pick<RecipeChange, "value" | "nearestValue">;

/**
 * The two values of a change as tagged JSON.
 *
 * @param changed - the recipe that the values belong to
 * @param state - the miss whose secrets are left out
 */
export function changeToJson(change: ChangedValues, changed: RecipeNode, state: State): ChangedValues {
  const toJson = (value: unknown): unknown => redactionOf(state).value(encodeShown(value, changed));
  return {
    ...("value" in change ? { value: toJson(change.value) } : {}),
    ...("nearestValue" in change ? { nearestValue: toJson(change.nearestValue) } : {}),
  };
}
