import { openStoredPayload } from "../artifact/open-stored-payload.ts";
import { discardStaged, type StagedPayload, stageFiles, stageStream } from "../artifact/stage-payload.ts";
import { checkPayload } from "../format/encode-payload.ts";
import type { StoredCodec } from "../format/format.ts";
import type { InternalCallOptions } from "./accept-payload.ts";
import type { State } from "./state.ts";

/**
 * Write a payload that is never in memory as a whole, and open it where it lies now: what the one who generated it is handed is what everybody will load.
 *
 * @throws what the payload throws while it is consumed; {@link UnsupportedPayloadError}; a StoreError. Nothing is left then.
 */
export async function stageHandle(
  state: State,
  given: unknown,
  options: InternalCallOptions,
  signal: AbortSignal | undefined,
): Promise<{ readonly payload: unknown; readonly staged: StagedPayload }> {
  const { format, node, surroundings, limits } = state;
  const { store } = surroundings;
  const codec = format.stored as StoredCodec<unknown>;
  await checkPayload(format, given);
  const stage = { store, name: node.name, address: node.address, signal };
  const tapped = options.tap === undefined ? given : options.tap(given);
  const staged = await (codec.kind === "stream"
    ? stageStream(stage, format, codec, tapped)
    : stageFiles(stage, format, codec, tapped));
  try {
    const artifact = { store, name: node.name, address: node.address, payload: staged, format, limits };
    return { payload: await openStoredPayload(artifact), staged };
  } catch (error) {
    await discardStaged({ store, name: node.name }, staged.file);
    throw error;
  }
}
