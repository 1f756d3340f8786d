import { collectProvenance } from "../../artifact/provenance/collect-provenance.ts";
import { filesOrigin, streamOrigin } from "../../artifact/publish/payload-origin.ts";
import { Publication } from "../../artifact/publish/publication.ts";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { checkPayload } from "../../format/encode-payload.ts";
import { assertNoCredentials } from "../../params/credentials.ts";
import { draftRecord } from "../../record/encode-record.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import { GeneratorContext } from "../context/generate-context.ts";
import { runInScope } from "../context/generator-scope.ts";
import { carryOut, titleOf, waitFor, workKeyOf } from "../context/wait-graph.ts";
import { noteAsked } from "../declare/asking-generator.ts";
import { locationOf } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { emitNow } from "../log/emit-now.ts";
import { completePayload, emitFailed, type Obtained } from "./complete-payload.ts";
import { type Given, ownPending, PendingPayload } from "./pending-payload.ts";
import { warnOfUndeclared } from "./warn-of-undeclared.ts";
import { warnOfUndefined } from "./warn-of-undefined.ts";

const streamSpoolPart = lazyPart(() => import("../../artifact/publish/stream-spool.ts"));
const generateInWorkerPart = lazyPart(() => import("../worker/generate-in-worker.ts"));

/**
 * Runs the generator. The payload is not validated, held or published yet, but from here on it is
 * not lost if any of these fails.
 *
 * @throws the error of the generator; the reason of the signal
 */
export async function runGenerator(
  state: State,
  options: InternalCallOptions,
  isReplacing: boolean,
): Promise<PendingPayload> {
  // Values that cannot be recorded are refused before the generation costs anything.
  if (options.untracked !== undefined) assertNoCredentials(options.untracked, { root: "untracked" });
  const draft = draftRecord(state.recipe, options.untracked);
  emitNow(state, { type: "started" }, options.supervisor?.onEvent);
  // The provenance is collected while the generator runs, so that it is ready when the payload is.
  void collectProvenance(locationOf(state.declaration));
  const startedMs = performance.now();
  const busyBefore = busyMsOf(state);
  const context = new GeneratorContext(state, options);
  const { content, failure } = await runInScope(context.scope, () =>
    carryOut(workKeyOf(state), titleOf(state), () => callGenerator(state, options, context)),
  );
  warnOfUndeclared(state, context.taken.undeclared);
  const elapsedMs = (): number => Math.max(0, performance.now() - startedMs - (busyMsOf(state) - busyBefore));
  const { taken, unkept } = context;
  return new PendingPayload(state, { content, failure, draft, taken, unkept, isReplacing, elapsedMs });
}

async function callGenerator(state: State, options: InternalCallOptions, context: GeneratorContext): Promise<Given> {
  const { worker = false } = state.declaration;
  try {
    const given =
      worker !== false
        ? await (await generateInWorkerPart()).generateInWorker(state, context)
        : { content: { kind: "value", value: await state.hooks.generatePayload(context) } as const };
    const { content } = given;
    if (state.format.stored === undefined || content.kind !== "value") {
      if (content.kind === "value") warnOfUndefined(state.recipe.name, "The generator", content.value);
      return given;
    }
    // This must happen before the context is closed: files of the payload may be in the work
    // folder, which is then removed, and a stream is generated only while it is written.
    return await stageHandle(state, content.value, options, context);
  } finally {
    await context.close();
  }
}

/**
 * Stages a payload that is never in memory as a whole. If the store fails, the payload is kept
 * outside the store.
 *
 * @throws the error of the payload while it is consumed: then it was not generated, and nothing of
 * it is kept
 */
async function stageHandle(
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

function busyMsOf(state: State): number {
  return state.dependencyStates.reduce((sum, dependency) => sum + dependency.busyMs, 0);
}

/**
 * Implements `generate()`: it always runs the generator, and replaces an artifact that is there.
 *
 * @param options.resumes - publishes a payload that was generated before, if only publishing has
 * failed
 */
export async function generate(
  state: State,
  options: InternalCallOptions & { readonly persist?: boolean | undefined; readonly resumes?: boolean | undefined },
): Promise<Obtained | undefined> {
  const { signal, supervisor } = options;
  try {
    noteAsked(state);
    if (options.persist === false) assertInMemory(state);
    const pending = options.resumes === true ? ownPending(state) : undefined;
    const completion = { teller: state, options, replaces: () => true, isPersisted: options.persist !== false };
    if (pending !== undefined) return await completePayload(pending, completion);
    const generateNow = async (): Promise<Obtained | undefined> =>
      completePayload(await runWatched(state, options), completion);
    return await (supervisor?.whenReady(generateNow, signal) ?? generateNow());
  } catch (error) {
    emitFailed(state, error, options);
    throw error;
  }
}

/** A generator that asks for its own payload would never end: `waitFor` refuses that. */
function runWatched(state: State, options: InternalCallOptions): Promise<PendingPayload> {
  return waitFor(workKeyOf(state), titleOf(state), () => runGenerator(state, options, true));
}

function assertInMemory({ format }: State): void {
  if (format.stored === undefined) return;
  throw new UnsupportedPayloadError(
    format.id,
    [],
    "was not to be persisted",
    "Such a payload lies in its store only: call generate() without persist: false.",
  );
}
