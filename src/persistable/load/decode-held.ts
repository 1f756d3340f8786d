import { decodePayload } from "../../format/encode-payload.ts";
import type { Held, State } from "../declare/state.ts";

/** Decodes a payload that is held as bytes: each caller gets a value of its own. */
export async function decodeHeld(
  state: State,
  held: Extract<Held, { kind: "encoded" }>,
): Promise<{ readonly value: unknown }> {
  const bytes = new Uint8Array(Buffer.concat(held.encoded));
  return { value: await decodePayload(state.format, bytes, state.limits) };
}
