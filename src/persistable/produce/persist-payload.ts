import { type Published, publishArtifact } from "../../artifact/publish/publication.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { NoPayloadError } from "../../errors/persistable-errors.ts";
import { unpersisted } from "../../errors/unpersisted.ts";
import { encodePayload } from "../../format/encode-payload.ts";
import { draftRecord } from "../../record/encode-record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Generated, Held, State } from "../declare/state.ts";
import { findArtifact } from "../load/find-artifact.ts";
import { heldPayload, holdPersisted } from "../load/hold-payload.ts";
import { redactionOf } from "../secrets/redaction.ts";
import { completePayload, emitPersisted, provenanceOf } from "./complete-payload.ts";
import { ownPending, type PendingPayload } from "./pending-payload.ts";

type HeldInMemory = Extract<Held, { kind: "value" | "encoded" }>;

/**
 * Writes the payload that is held in memory. One that was loaded, or persisted before, is not
 * written again.
 */
export async function persist(state: State, signal: AbortSignal | undefined): Promise<void> {
  const { held } = state;
  const pending = ownPending(state);
  if (pending !== undefined) return persistPending(state, pending, signal);
  if (held.kind === "nothing") throw new NoPayloadError(state.recipe.name, "persist()");
  if (held.kind === "stored") {
    const found = await findArtifact(state, signal, certainStore(state.surroundings.store));
    if (found.state === "present") return;
    throw new NoPayloadError(state.recipe.name, "persist()");
  }
  await persistHeld(state, held, signal);
}

/**
 * Publishes a payload for which publishing has failed before. If another writer has published the
 * artifact meanwhile, that one stays, unless ours was meant to replace it.
 */
async function persistPending(state: State, pending: PendingPayload, signal: AbortSignal | undefined): Promise<void> {
  const found = pending.isReplacing ? undefined : await findArtifact(state, signal);
  const judged = found?.state === "damaged" ? found : false;
  const replaces = (): boolean | DamagedArtifact => pending.isReplacing || judged;
  const completed =
    found?.state === "present"
      ? undefined
      : await completePayload(pending, { teller: state, options: { signal }, replaces });
  if (completed === undefined || pending.state !== state) state.held = { kind: "stored" };
  await pending.drop();
  if (state.pending === pending) state.pending = undefined;
}

async function persistHeld(state: State, held: HeldInMemory, signal: AbortSignal | undefined): Promise<void> {
  const startedMs = performance.now();
  let published: Published;
  try {
    published = await publishHeld(state, held, signal);
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error;
    const payload = await Promise.resolve(heldPayload(state)).catch(() => undefined);
    throw unpersisted(error, state.recipe.name, payload?.value, redactionOf(state));
  }
  emitPersisted(state, published, performance.now() - startedMs, {});
  if (held.kind === "encoded") state.held = { kind: "stored" };
  else holdPersisted(state, held.value);
}

async function publishHeld(state: State, held: HeldInMemory, signal: AbortSignal | undefined): Promise<Published> {
  const { format, inlineBytes, surroundings } = state;
  const generated: Generated = state.lastGenerated ?? {
    draft: draftRecord(state.recipe, undefined),
    createdAt: new Date().toISOString(),
    durationMs: 0,
    taken: {},
  };
  return publishArtifact({
    store: surroundings.store,
    draft: generated.draft,
    provenance: await provenanceOf(state, generated),
    format,
    encoded: held.kind === "encoded" ? held.encoded : await encodePayload(format, held.value),
    inlineBytes,
    replace: true,
    signal,
  });
}
