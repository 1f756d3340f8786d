import { type Published, publishArtifact, publishStaged } from "../../artifact/publish/publish-artifact.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { InvalidPayloadError } from "../../errors/persistable-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { unpersisted, withPayload } from "../../errors/unpersisted.ts";
import { summarizeRecord } from "../../record/encode-record.ts";
import { encodeSummary } from "../../record/encode-summary.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import { contextOf, type InternalCallOptions } from "../context/call-context.ts";
import type { HookContext } from "../declare/hooks.ts";
import type { State } from "../declare/state.ts";
import { validateGenerated } from "../load/accept-payload.ts";
import { holdPersisted } from "../load/hold-payload.ts";
import { emitNow } from "../log/emit-now.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { holdUnpersisted } from "./hold-unpersisted.ts";
import { isNoted, noteFailure, type PendingPayload, sharePending } from "./pending-payload.ts";
import { provenanceOf } from "./provenance-of.ts";

/** How a payload that was generated is completed. */
export interface Completion {
  /** Whose events and log tell of it: another object of the same recipe may have generated it. */
  readonly teller: State;
  readonly options: InternalCallOptions;
  readonly signal: AbortSignal | undefined;
  /** Whether to take the place of an artifact that is there; asked when it is about to be published. */
  readonly replaces: () => boolean | DamagedArtifact | Promise<boolean | DamagedArtifact>;
  /** `false` holds it in memory only. */
  readonly isPersisted?: boolean;
}

/**
 * Do what is still to be done for a payload that was generated: validate, summarize, publish and hold it. What was done before is not done again.
 *
 * @returns undefined where another writer was first, whose artifact stands
 * @throws what kept it from being published, with the payload; it stays with its persistable then
 */
export function completePayload(
  pending: PendingPayload,
  completion: Completion,
): Promise<{ readonly payload: unknown } | undefined> {
  return pending.exclusively(async () => {
    const { state } = pending;
    const { signal, options } = completion;
    let payload: unknown;
    try {
      if (pending.isPublished) return undefined;
      const prepared = await prepare(pending, completion);
      signal?.throwIfAborted();
      if (completion.isPersisted !== false && !(await publish(pending, completion))) {
        await pending.keep();
        return undefined;
      }
      payload = prepared === undefined ? await pending.open(signal) : prepared.payload;
      if (completion.isPersisted === false) await holdUnpersisted(state, payload);
      else holdPersisted(state, payload);
      await pending.finish();
    } catch (error) {
      throw await keepFailed(pending, error, signal);
    }
    await state.hooks.postGenerate(payload, contextOf(state, options, signal));
    return { payload };
  });
}

/** Tell of a failure. A listener or logger that throws in turn must not hide it. */
export function emitFailed(state: State, error: unknown): void {
  try {
    emitNow(state, { type: "failed", error });
  } catch (broken) {
    process.emitWarning(broken instanceof Error ? broken : String(broken));
  }
}

/** The payload, validated and summarized; undefined where both were done before, and its bytes are all that is needed. */
async function prepare(
  pending: PendingPayload,
  { teller, options, signal }: Completion,
): Promise<{ readonly payload: unknown } | undefined> {
  const { state, failure } = pending;
  let prepared: { readonly payload: unknown } | undefined;
  try {
    pending.failure = undefined;
    if (failure !== undefined) throw failure.error;
    if (!pending.isSummarized || pending.content.kind !== "encoded") prepared = { payload: await pending.open(signal) };
    if (prepared !== undefined && !pending.isSummarized) {
      const context = contextOf(state, options, signal);
      await validate(pending, prepared.payload, context);
      await summarize(pending, prepared.payload, context);
    }
  } finally {
    pending.measure();
  }
  emitGenerated(pending, teller);
  return prepared;
}

async function validate(
  pending: PendingPayload,
  payload: unknown,
  context: HookContext<unknown, unknown>,
): Promise<void> {
  if (pending.isValidated) return;
  pending.isRefused = true;
  await validateGenerated(pending.state, payload, context);
  pending.isRefused = false;
  pending.isValidated = true;
}

async function summarize(
  pending: PendingPayload,
  payload: unknown,
  context: HookContext<unknown, unknown>,
): Promise<void> {
  const { state } = pending;
  const summary = await state.hooks.summarizePayload(payload, context);
  if (summary !== undefined)
    pending.draft = summarizeRecord(pending.draft, encodeSummary(summary, redactionOf(state).text));
  pending.isSummarized = true;
}

/** Once: what is completed later was generated before. */
function emitGenerated(pending: PendingPayload, teller: State): void {
  if (pending.isTold) return;
  pending.isTold = true;
  const { durationMs, taken } = pending;
  emitNow(teller, { type: "generated", durationMs, ...(taken.cost === undefined ? {} : { cost: taken.cost }) });
}

/** `false` where another writer was first. */
async function publish(pending: PendingPayload, { teller, signal, replaces }: Completion): Promise<boolean> {
  const { state, content, draft } = pending;
  const startedMs = performance.now();
  const provenance = await provenanceOf(state, pending);
  const publication = { store: state.surroundings.store, draft, provenance, replace: await replaces(), signal };
  const { format, inlineBytes } = state;
  const published = await (content.kind === "staged"
    ? publishStaged({ ...publication, staged: content.staged })
    : publishArtifact({ ...publication, format, encoded: await pending.encode(), inlineBytes }));
  if (published.outcome === "exists") return false;
  pending.isPublished = true;
  emitPersisted(teller, published, performance.now() - startedMs);
  return true;
}

/** Also for what was held in memory without having been generated just now. */
export function emitPersisted(state: State, { payload, recordFile }: Published, durationMs: number): void {
  const { file, format } = payload;
  emitNow(state, {
    type: "persisted",
    recordFile,
    format,
    sizeBytes: payloadBytesOf(payload),
    durationMs,
    ...(file === undefined ? {} : { payloadFile: file }),
  });
}

/** A failure with the payload that it keeps from being published; as it is where it says so already. */
export async function failureOf(
  pending: PendingPayload | undefined,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (pending === undefined || pending.isRefused || isNoted(error) || signal.aborted) return error;
  const failure = unpersisted(error, pending.state.node.name, await pending.peek(), redactionOf(pending.state));
  noteFailure(failure, pending);
  return failure;
}

async function keepFailed(pending: PendingPayload, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  if (pending.isPublished) {
    await pending.finish();
    return error;
  }
  const payload = await pending.peek();
  await pending.keep();
  if (pending.isLost) return error;
  const isAborted = signal?.aborted === true && error === signal.reason;
  if (isAborted || error instanceof StoreError) sharePending(pending);
  if (isAborted) return error;
  const { name } = pending.state.node;
  const failure =
    pending.isRefused && error instanceof InvalidPayloadError
      ? withPayload(error, payload)
      : unpersisted(error, name, payload, redactionOf(pending.state));
  noteFailure(failure, pending);
  return failure;
}
