import { type StagedPayload, stageFiles, stageStream } from "../../artifact/publish/stage-payload.ts";
import { StreamSpool } from "../../artifact/publish/stream-spool.ts";
import { isOwnHealed } from "../../artifact/read/is-healed.ts";
import { openStoredPayload } from "../../artifact/read/open-stored-payload.ts";
import { settleOwnDamage } from "../../artifact/read/settle-damage.ts";
import { succeedingSource } from "../../artifact/read/succeeding-source.ts";
import { checkPayload } from "../../format/encode-payload.ts";
import type { StoredCodec, StreamCodec } from "../../format/format.ts";
import { certainStore } from "../../store/certain-store.ts";
import { removeWorkFolder } from "../../util/work-folder.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import type { GeneratorContext } from "../context/generate-context.ts";
import type { State } from "../declare/state.ts";
import type { Given, Unstaged } from "./pending-content.ts";

/**
 * Write a payload that is never in memory as a whole for the first time, while its generator may still be at work: a stream is generated as it is written, and files may lie in
 * the work folder. Where the store fails, the payload is kept beside the store.
 *
 * @throws what the payload throws while it is consumed: then it was not generated, and nothing is left of it.
 */
export async function stageGiven(
  state: State,
  given: unknown,
  options: InternalCallOptions,
  context: GeneratorContext,
): Promise<Given> {
  const codec = codecOf(state);
  const { signal } = context;
  try {
    await checkPayload(state.format, given);
  } catch (error) {
    return {
      content: { kind: "unstaged", source: pathSource(state, given, context.leaveFolder()) },
      failure: { error },
    };
  }
  if (codec.kind === "stream" && codec.isRepeatable !== true)
    return stageOnce(state, codec.write(options.tap === undefined ? given : options.tap(given)), signal);
  const source = pathSource(state, given, context.leaveFolder());
  try {
    return { content: { kind: "staged", staged: await source.stage(signal), source } };
  } catch (error) {
    return { content: { kind: "unstaged", source }, failure: { error } };
  }
}

/** The handle on a payload that is written, opened where it lies: what its own generator's caller is handed is what every other caller will load. */
export function openStaged(state: State, staged: StagedPayload): Promise<unknown> {
  const { node, surroundings, format, limits } = state;
  const { store } = surroundings;
  const { name, address, classes } = node;
  return openStoredPayload({
    // It was written just now: what does not come is not missing.
    ...{ store: certainStore(store), name, address, payload: staged, format, limits },
    heal: () => isOwnHealed(store, name, address),
    onDamage: (damage) => settleOwnDamage({ store, name, address, file: staged.file }, damage),
    successor: () => succeedingSource({ store, name, address, classes, format: format.id }),
  });
}

async function stageOnce(state: State, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Given> {
  const spool = new StreamSpool(pieces);
  try {
    const staged = await stageStream(stageOf(state, signal), state.format, spool.pieces());
    const source = spool.isComplete ? spoolSource(state, spool) : undefined;
    return { content: { kind: "staged", staged, source } };
  } catch (error) {
    if (!(await isKept(spool, signal))) {
      await spool.discard();
      throw error;
    }
    return { content: { kind: "unstaged", source: spoolSource(state, spool) }, failure: { error } };
  }
}

/** Whether the whole stream is there, the rest of which is generated now. The failure to report is the first one. */
async function isKept(spool: StreamSpool, signal: AbortSignal): Promise<boolean> {
  try {
    return await spool.drain(signal);
  } catch {
    return false;
  }
}

function spoolSource(state: State, spool: StreamSpool): Unstaged {
  return {
    stage: (signal) => stageStream(stageOf(state, signal), state.format, spool.replay()),
    open: async () => (codecOf(state) as StreamCodec<unknown>).open(spool.source(), state.limits),
    discard: discarderOf(spool),
  };
}

/** Files that lie outside of the store, perhaps in the work folder of their generator. */
function pathSource(state: State, given: unknown, folder: string | undefined): Unstaged {
  return {
    async stage(signal) {
      await checkPayload(state.format, given);
      const codec = codecOf(state);
      const stage = stageOf(state, signal);
      return codec.kind === "files"
        ? stageFiles(stage, state.format, codec, given)
        : stageStream(stage, state.format, codec.write(given));
    },
    open: async () => given,
    discard: removerOf(folder),
  };
}

function discarderOf(spool: StreamSpool): () => Promise<void> {
  return () => spool.discard();
}

function removerOf(folder: string | undefined): () => Promise<void> {
  return async () => (folder === undefined ? undefined : removeWorkFolder(folder));
}

function stageOf(state: State, signal: AbortSignal | undefined): Parameters<typeof stageStream>[0] {
  const { name, address } = state.node;
  return { store: state.surroundings.store, name, address, signal };
}

function codecOf(state: State): StoredCodec<unknown> {
  return state.format.stored as StoredCodec<unknown>;
}
