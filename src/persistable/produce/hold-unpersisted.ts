import { encodePayload } from "../../format/encode-payload.ts";
import type { State } from "../declare/state.ts";
import { isShareable } from "../load/hold-payload.ts";

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
