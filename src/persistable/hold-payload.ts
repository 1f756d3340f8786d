import { decodePayload, encodePayload } from "../format/encode-payload.ts";
import { tryFreezePayload } from "./freeze-payload.ts";
import type { Held, State } from "./state.ts";

/** Remember a payload that is in the store. */
export function holdPersisted(state: State, payload: unknown): void {
  state.held = isShareable(state, payload) ? { kind: "value", value: payload } : { kind: "stored" };
}

/** Remember a payload that is in no store: as bytes where handing out the value itself would let one caller change it for the next. */
export async function holdUnpersisted(state: State, payload: unknown): Promise<void> {
  if (isShareable(state, payload)) {
    state.held = { kind: "value", value: payload };
    return;
  }
  let encoded: readonly Uint8Array[];
  try {
    encoded = await encodePayload(state.format, payload);
  } catch {
    // Not persisting is how one uses a payload that no format can hold.
    state.held = { kind: "value", value: payload };
    return;
  }
  state.held = { kind: "encoded", encoded: encoded.map((chunk) => new Uint8Array(chunk)) };
}

/** What is held, as a value; `undefined` where it must be loaded. */
export function heldPayload(
  state: State,
): { readonly value: unknown } | Promise<{ readonly value: unknown }> | undefined {
  const { held } = state;
  if (held.kind === "value") return held;
  if (held.kind === "encoded") return decodeHeld(state, held);
  return undefined;
}

async function decodeHeld(
  state: State,
  held: Extract<Held, { kind: "encoded" }>,
): Promise<{ readonly value: unknown }> {
  return { value: await decodePayload(state.format, new Uint8Array(Buffer.concat(held.encoded)), state.limits) };
}

/** Whether one value may be handed to every caller: frozen now, or shared on purpose. */
export function isShareable(state: State, payload: unknown): boolean {
  if (state.memory === "shared") return true;
  if (state.memory === "fresh") return typeof payload !== "object" || payload === null;
  return tryFreezePayload(payload);
}
