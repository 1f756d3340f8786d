import { decodePayload } from "../../format/encode-payload.ts";
import type { Held, State } from "../declare/state.ts";

/** What is held as bytes, as a value of its own for each who asks. */
export async function decodeHeld(
  state: State,
  held: Extract<Held, { kind: "encoded" }>,
): Promise<{ readonly value: unknown }> {
  const bytes = new Uint8Array(Buffer.concat(held.encoded));
  return { value: await decodePayload(state.format, bytes, state.limits) };
}
