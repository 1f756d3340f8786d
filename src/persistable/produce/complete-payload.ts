import { collectProvenance, type ModuleProvenance } from "../../artifact/provenance/collect-provenance.ts";
import { type Published, publishArtifact } from "../../artifact/publish/publication.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { InvalidPayloadError } from "../../errors/persistable-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { unpersisted, withPayload } from "../../errors/unpersisted.ts";
import { decodePayload, encodePayload } from "../../format/encode-payload.ts";
import { summarizeRecord } from "../../record/encode-record.ts";
import { encodeSummary } from "../../record/encode-summary.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { Provenance } from "../../record/record.ts";
import { contextOf, type InternalCallOptions } from "../context/call-context.ts";
import { fingerprintOf, isAnonymous, locationOf } from "../declare/declaration.ts";
import type { HookContext } from "../declare/hooks.ts";
import type { Generated, State } from "../declare/state.ts";
import { holdPersisted, isShareable } from "../load/hold-payload.ts";
import { validateGenerated } from "../load/invalid-payload.ts";
import { keepSource } from "../load/kept-source.ts";
import { emitNow } from "../log/emit-now.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { isNoted, noteFailure, type PendingPayload, sharePending } from "./pending-payload.ts";

/** A payload that was loaded or generated. It is wrapped, since any value may be a payload. */
export interface Obtained {
  readonly payload: unknown;
  /**
   * Set if the payload is not kept: gives it to another caller that has waited for it, who cannot
   * load it.
   */
  readonly share?: (() => Promise<unknown>) | undefined;
}

/** The options for completing a payload that was generated. */
export interface Completion {
  /**
   * The persistable whose events and log report the payload: another object of the same recipe may
   * have generated it.
   */
  readonly teller: State;
  readonly options: InternalCallOptions;
  /** Called just before publishing: says whether to replace an artifact that is there. */
  readonly replaces: () => boolean | DamagedArtifact | Promise<boolean | DamagedArtifact>;
  /** `false` holds the payload in memory only. */
  readonly isPersisted?: boolean;
}

/**
 * Validates, summarizes, publishes and holds a payload that was generated. Steps that were done
 * before are not repeated.
 *
 * @returns `undefined` if another writer was first, whose artifact stays
 * @throws the error that kept the payload from being published, with the payload; its persistable
 * then keeps the payload
 */
export function completePayload(pending: PendingPayload, completion: Completion): Promise<Obtained | undefined> {
  return pending.exclusively(async () => {
    const { state } = pending;
    const { options } = completion;
    const { signal } = options;
    let payload: unknown;
    let sizeBytes: number | undefined;
    try {
      if (pending.isPublished) return undefined;
      const prepared = await prepare(pending, completion);
      signal?.throwIfAborted();
      if (pending.unkept !== undefined) return await handOut(pending, prepared, completion);
      if (completion.isPersisted !== false) {
        const published = await publish(pending, completion);
        if (published === undefined) {
          await pending.keep();
          return undefined;
        }
        sizeBytes = payloadBytesOf(published.payload);
      }
      payload = prepared === undefined ? await pending.open(signal) : prepared.payload;
      if (completion.isPersisted === false) await holdUnpersisted(state, payload);
      else holdPersisted(state, payload);
      await pending.finish();
    } catch (error) {
      throw await keepFailed(pending, error, signal);
    }
    if (completion.teller === state)
      options.supervisor?.onGenerated({ durationMs: pending.durationMs, cost: pending.taken.cost, sizeBytes });
    await state.hooks.postGenerate(payload, contextOf(state, options));
    return { payload };
  });
}

async function handOut(
  pending: PendingPayload,
  prepared: { readonly payload: unknown } | undefined,
  { teller, options: { supervisor } }: Completion,
): Promise<Obtained> {
  const { state, durationMs, taken } = pending;
  const payload = prepared === undefined ? await pending.open(undefined) : prepared.payload;
  pending.handOut(payload);
  if (teller === state) supervisor?.onGenerated({ durationMs, cost: taken.cost, sizeBytes: undefined });
  const isShared = pending.content.kind === "handle" || isShareable(state, payload);
  // Each caller may change a payload that cannot be frozen, so the others get values from these
  // bytes.
  const encoded = isShared ? undefined : Buffer.concat(await encodePayload(state.format, payload));
  const share = async () =>
    encoded === undefined ? payload : decodePayload(state.format, new Uint8Array(encoded), state.limits);
  return { payload, share };
}

/** Emits a failure. If a listener or logger throws in turn, that must not hide it. */
export function emitFailed(state: State, error: unknown, { supervisor }: InternalCallOptions): void {
  try {
    emitNow(state, { type: "failed", error }, supervisor?.onEvent);
  } catch (broken) {
    process.emitWarning(broken instanceof Error ? broken : String(broken));
  }
}

/**
 * Validates and summarizes the payload, and returns it. If both were done before, and its bytes are
 * enough to publish it, it is not decoded and `undefined` is returned.
 */
async function prepare(
  pending: PendingPayload,
  { teller, options }: Completion,
): Promise<{ readonly payload: unknown } | undefined> {
  const { state, failure } = pending;
  let prepared: { readonly payload: unknown } | undefined;
  try {
    pending.failure = undefined;
    if (failure !== undefined) throw failure.error;
    if (!pending.isSummarized || pending.content.kind !== "encoded")
      prepared = { payload: await pending.open(options.signal) };
    if (prepared !== undefined && !pending.isSummarized) {
      const context = contextOf(state, options);
      await validate(pending, prepared.payload, context);
      await summarize(pending, prepared.payload, context);
    }
  } finally {
    pending.measure();
  }
  emitGenerated(pending, teller, options);
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

/** Emits `generated` once: a payload whose publication is repeated was generated before. */
function emitGenerated(pending: PendingPayload, teller: State, { supervisor }: InternalCallOptions): void {
  if (pending.isTold) return;
  pending.isTold = true;
  const { durationMs, taken } = pending;
  const generated = {
    type: "generated",
    durationMs,
    ...(taken.cost === undefined ? {} : { cost: taken.cost }),
    ...(pending.unkept === undefined ? {} : { unkept: pending.unkept }),
  } as const;
  emitNow(teller, generated, supervisor?.onEvent);
}

/** Returns `undefined` if another writer was first. */
async function publish(
  pending: PendingPayload,
  { teller, options, replaces }: Completion,
): Promise<Published | undefined> {
  const { state, content, draft } = pending;
  const { format, inlineBytes, surroundings } = state;
  const startedMs = performance.now();
  const provenance = await provenanceOf(state, pending);
  const commit = { draft, provenance, replace: await replaces(), signal: options.signal };
  const published = await (content.kind === "handle"
    ? content.publication.commit(commit)
    : publishArtifact({
        ...commit,
        store: surroundings.store,
        format,
        encoded: await pending.encode(),
        inlineBytes,
      }));
  if (published.outcome === "exists") return undefined;
  pending.isPublished = true;
  emitPersisted(teller, published, performance.now() - startedMs, options);
  return published;
}

/**
 * Returns the provenance for the record. It tells how the payload was generated, even if the
 * payload is published much later.
 */
export async function provenanceOf(
  state: State,
  { createdAt, durationMs, taken }: Pick<Generated, "createdAt" | "durationMs" | "taken">,
): Promise<Provenance> {
  const { declaration } = state;
  const source = await fingerprintOf(declaration);
  const [collected] = await Promise.all([collectProvenance(locationOf(declaration)), keepSource(state, source)]);
  return {
    createdAt,
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...taken,
    source,
    ...(isAnonymous(declaration) ? withoutPerson(collected) : collected),
  };
}

function withoutPerson({ host, user, pid, script, module, ...rest }: ModuleProvenance): ModuleProvenance {
  return rest;
}

/**
 * Holds a payload that is in no store. It is held as bytes if one caller could otherwise change it
 * for the next.
 */
async function holdUnpersisted(state: State, payload: unknown): Promise<void> {
  if (isShareable(state, payload)) {
    state.held = { kind: "value", value: payload };
    return;
  }
  let encoded: readonly Uint8Array[];
  try {
    encoded = await encodePayload(state.format, payload);
  } catch {
    // Not persisting is the way to use a payload that no format can hold: it is held as it is.
    state.held = { kind: "value", value: payload };
    return;
  }
  state.held = { kind: "encoded", encoded: encoded.map((chunk) => new Uint8Array(chunk)) };
}

/** Emits that a payload was published, whether it was just generated or held in memory before. */
export function emitPersisted(
  state: State,
  { payload, recordFile }: Published,
  durationMs: number,
  { supervisor }: InternalCallOptions,
): void {
  const { file, format } = payload;
  const sizeBytes = payloadBytesOf(payload);
  const payloadFile = file === undefined ? {} : { payloadFile: file };
  const persisted = { type: "persisted", recordFile, format, sizeBytes, durationMs, ...payloadFile } as const;
  emitNow(state, persisted, supervisor?.onEvent);
}

/**
 * Returns a failure with the payload that it keeps from being published. An error that has its
 * payload already, or that is not about the payload, is returned as it is.
 */
export async function failureOf(
  pending: PendingPayload | undefined,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (pending === undefined || pending.isRefused || isNoted(error) || signal.aborted) return error;
  const failure = unpersisted(error, pending.state.recipe.name, await pending.peek(), redactionOf(pending.state));
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
  const { name } = pending.state.recipe;
  const failure =
    pending.isRefused && error instanceof InvalidPayloadError
      ? withPayload(error, payload)
      : unpersisted(error, name, payload, redactionOf(pending.state));
  noteFailure(failure, pending);
  return failure;
}
