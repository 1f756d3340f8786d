import { collectProvenance } from "../artifact/collect-provenance.ts";
import { type Published, publishArtifact, publishStaged } from "../artifact/publish-artifact.ts";
import type { CorruptArtifact } from "../artifact/read-outcome.ts";
import { discardStaged, type StagedPayload } from "../artifact/stage-payload.ts";
import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import { encodePayload } from "../format/encode-payload.ts";
import { assertNoCredentials } from "../params/credentials.ts";
import { draftRecord, type RecordDraft, summarizeRecord } from "../record/encode-record.ts";
import { encodeSummary } from "../record/encode-summary.ts";
import { payloadBytesOf } from "../record/payload-bytes.ts";
import { loadPart } from "../util/load-part.ts";
import { contextOf, type InternalCallOptions, validateGenerated } from "./accept-payload.ts";
import { provenanceKeysOf } from "./declaration.ts";
import { GeneratorContext } from "./generate-context.ts";
import { holdPersisted, holdUnpersisted } from "./hold-payload.ts";
import type { HookContext } from "./hooks.ts";
import { redactionOf } from "./redaction.ts";
import type { Generated, State } from "./state.ts";
import { tellAtOnce } from "./tell-at-once.ts";
import { carryOut, titleOf, waitFor, workKeyOf } from "./wait-graph.ts";

/** Run the generator, validate and summarize what it gave. Nothing is held or written yet: where this fails, the earlier payload stays. */
export async function runGenerator(
  state: State,
  options: InternalCallOptions,
  signal: AbortSignal | undefined,
): Promise<Generated> {
  // What cannot be recorded is refused before it costs anything.
  if (options.untracked !== undefined) assertNoCredentials(options.untracked, { root: "untracked" });
  const draft = draftRecord(state.node, options.untracked);
  tellAtOnce(state, { type: "started" });
  // Asked for now, so that it is known by the time the payload is there.
  void collectProvenance(provenanceKeysOf(state.declaration).location);
  const startedMs = performance.now();
  const busyBefore = busyMsOf(state);
  const { payload, taken, staged } = await callGenerator(state, options, signal);
  try {
    const context = contextOf(state, options, signal);
    await validateGenerated(state, payload, context);
    const summarized = await summarize(state, draft, payload, context);
    const durationMs = Math.max(0, performance.now() - startedMs - (busyMsOf(state) - busyBefore));
    const { cost } = taken;
    tellAtOnce(state, { type: "generated", durationMs, ...(cost === undefined ? {} : { cost }) });
    return { payload, draft: summarized, createdAt: new Date().toISOString(), durationMs, taken, staged };
  } catch (error) {
    await discardGenerated(state, staged);
    throw error;
  }
}

/** What a generator gave; where its payload is a handle on what lies in the store, that is written already, and nobody knows of it. */
type Given = Pick<Generated, "payload" | "taken" | "staged">;

function callGenerator(state: State, options: InternalCallOptions, signal: AbortSignal | undefined): Promise<Given> {
  return carryOut(workKeyOf(state), titleOf(state), () => callUnwatched(state, options, signal));
}

async function callUnwatched(
  state: State,
  options: InternalCallOptions,
  signal: AbortSignal | undefined,
): Promise<Given> {
  const context = new GeneratorContext(state, options, signal);
  try {
    const payload = await (isForWorker(state)
      ? generateInWorker(state, context)
      : state.hooks.generatePayload(context));
    if (state.format.stored === undefined) return { payload, taken: context.taken, staged: undefined };
    // Its files may lie in the folder that goes when the context is closed; and a stream is generated while it is written.
    const { stageHandle } = await loadPart(() => import("./stage-handle.ts"));
    return { ...(await stageHandle(state, payload, options, signal)), taken: context.taken };
  } finally {
    await context.close();
  }
}

/** The payload is not going to be published. */
export async function discardGenerated(state: State, staged: StagedPayload | undefined): Promise<void> {
  if (staged !== undefined)
    await discardStaged({ store: state.surroundings.store, name: state.node.name }, staged.file);
}

function isForWorker({ declaration: { worker } }: State): boolean {
  return worker !== undefined && worker !== false;
}

async function generateInWorker(state: State, context: GeneratorContext): Promise<unknown> {
  const part = await loadPart(() => import("./generate-in-worker.ts"));
  return part.generateInWorker(state, context);
}

async function summarize(
  state: State,
  draft: RecordDraft,
  payload: unknown,
  context: HookContext<unknown, unknown>,
): Promise<RecordDraft> {
  const summary = await state.hooks.summarizePayload(payload, context);
  return summary === undefined ? draft : summarizeRecord(draft, encodeSummary(summary, redactionOf(state).text));
}

function busyMsOf(state: State): number {
  return state.dependencyStates.reduce((sum, dependency) => sum + dependency.busyMs, 0);
}

/**
 * Encode and publish a payload.
 *
 * @throws {@link UnsupportedPayloadError} before a byte is written, where the format cannot hold it; a StoreError.
 */
export async function publishPayload(
  state: State,
  generated: Generated,
  options: {
    readonly replace: boolean | CorruptArtifact;
    readonly signal?: AbortSignal | undefined;
    readonly encoded?: readonly Uint8Array[];
  },
): Promise<Published> {
  const { format } = state;
  const { staged } = generated;
  const startedMs = performance.now();
  let { encoded } = options;
  if (encoded === undefined && staged === undefined) {
    encoded = await encodePayload(format, generated.payload);
  }
  const { location, source } = provenanceKeysOf(state.declaration);
  const provenance = {
    createdAt: generated.createdAt,
    durationMs: Math.round(generated.durationMs * 1000) / 1000,
    ...generated.taken,
    source,
    ...(await collectProvenance(location)),
  };
  const publication = {
    store: state.surroundings.store,
    draft: generated.draft,
    provenance,
    replace: options.replace,
    signal: options.signal,
  };
  const published = await (staged === undefined
    ? publishArtifact({ ...publication, format, encoded: encoded ?? [], inlineBytes: state.inlineBytes })
    : publishStaged({ ...publication, staged }));
  if (published.outcome !== "exists") tellPersisted(state, published, performance.now() - startedMs);
  return published;
}

function tellPersisted(state: State, { payload, recordFile }: Published, durationMs: number): void {
  const { file, format } = payload;
  tellAtOnce(state, {
    type: "persisted",
    recordFile,
    format,
    sizeBytes: payloadBytesOf(payload),
    durationMs,
    ...(file === undefined ? {} : { payloadFile: file }),
  });
}

/** `generate()`: always runs the generator, and takes the place of what was there. */
export async function generate(
  state: State,
  options: InternalCallOptions & { readonly persist?: boolean | undefined },
): Promise<unknown> {
  try {
    if (options.persist === false && state.format.stored !== undefined)
      throw new UnsupportedPayloadError(
        state.format.id,
        [],
        "was not to be persisted",
        "Such a payload lies in its store only: call generate() without persist: false.",
      );
    // A generator that generates itself again would never end.
    const generated = await waitFor(workKeyOf(state), titleOf(state), () =>
      runGenerator(state, options, options.signal),
    );
    const { payload } = generated;
    if (options.persist === false) await holdUnpersisted(state, payload);
    else {
      await publishPayload(state, generated, { replace: true, signal: options.signal });
      holdPersisted(state, payload);
    }
    state.lastGenerated = { ...generated, payload: undefined, staged: undefined };
    await state.hooks.postGenerate(payload, contextOf(state, options));
    return payload;
  } catch (error) {
    tellAtOnce(state, { type: "failed", error });
    throw error;
  }
}
