import { snapshotParams } from "./snapshot-params.ts";
import type { State } from "./state.ts";

/** Own params as they are handed out: the frozen ones, or a copy where something in them cannot be frozen. */
export function paramsOf(state: State): Readonly<Record<string, unknown>> {
  const { snapshot, declaration } = state;
  return snapshot.mutable ? snapshotParams(snapshot.params, declaration.classes).params : snapshot.params;
}
