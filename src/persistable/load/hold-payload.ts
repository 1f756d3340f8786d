import { loadPart } from "../../util/peers/load-part.ts";
import type { State } from "../declare/state.ts";
import { tryFreezePayload } from "./freeze-payload.ts";

/** Remember a payload that is in the store. */
export function holdPersisted(state: State, payload: unknown): void {
  state.held = isShareable(state, payload) ? { kind: "value", value: payload } : { kind: "stored" };
}

/** What is held, as a value; `undefined` where it must be loaded. */
export function heldPayload(
  state: State,
): { readonly value: unknown } | Promise<{ readonly value: unknown }> | undefined {
  const { held } = state;
  if (held.kind === "value") return held;
  if (held.kind === "encoded")
    return loadPart(() => import("./decode-held.ts")).then(({ decodeHeld }) => decodeHeld(state, held));
  return undefined;
}

/** Whether one value may be handed to every caller: frozen now, or shared on purpose. */
export function isShareable(state: State, payload: unknown): boolean {
  if (state.memory === "shared") return true;
  if (state.memory === "fresh") return typeof payload !== "object" || payload === null;
  return tryFreezePayload(payload);
}
