import { filesOrigin, streamOrigin } from "../../artifact/publish/payload-origin.ts";
import { Publication } from "../../artifact/publish/publication.ts";
import { checkPayload } from "../../format/encode-payload.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import type { GeneratorContext } from "../context/generate-context.ts";
import type { State } from "../declare/state.ts";
import type { Given } from "./pending-payload.ts";

const streamSpoolPart = lazyPart(() => import("../../artifact/publish/stream-spool.ts"));

/**
 * Stages a payload that is never in memory as a whole. If the store fails, the payload is kept
 * outside the store.
 *
 * @throws the error of the payload while it is consumed: then it was not generated, and nothing of
 * it is kept
 */
export async function stageHandle(
  { format, limits, recipe, surroundings }: State,
  given: unknown,
  { tap }: InternalCallOptions,
  context: GeneratorContext,
): Promise<Given> {
  const { stored: codec } = format;
  const { signal } = context;
  const { name, address } = recipe;
  const place = { store: surroundings.store, name, address };
  const isOnce = codec?.kind === "stream" && codec.isRepeatable !== true;
  const refusal = isOnce ? await failureOf(() => checkPayload(format, given)) : undefined;
  if (!isOnce || refusal !== undefined) {
    const publication = new Publication(place, filesOrigin(format, given, context.leaveFolder()));
    const failure = refusal ?? (await failureOf(() => publication.stage(signal)));
    return { content: { kind: "handle", publication }, ...(failure === undefined ? {} : { failure }) };
  }
  const { StreamSpool } = await streamSpoolPart();
  const spool = new StreamSpool(codec.write(tap === undefined ? given : tap(given)));
  const publication = new Publication(place, streamOrigin(format, codec, spool, limits));
  const failure = await failureOf(() => publication.stage(signal));
  if (failure === undefined) {
    if (!spool.isComplete) await publication.releaseOrigin();
    return { content: { kind: "handle", publication } };
  }
  // The rest of the stream is generated now, to keep the payload. If this fails, too, the first
  // failure is the one to report.
  const isKept = (await failureOf(() => spool.drain(signal))) === undefined && spool.isComplete;
  if (isKept) return { content: { kind: "handle", publication }, failure };
  await publication.discard();
  throw failure.error;
}

async function failureOf(work: () => unknown): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
}
