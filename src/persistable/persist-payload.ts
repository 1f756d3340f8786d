import { NoPayloadError } from "../errors/persistable-errors.ts";
import { draftRecord } from "../record/encode-record.ts";
import { certainStore } from "../store/certain-store.ts";
import { findArtifact } from "./find-artifact.ts";
import { publishPayload } from "./generate-payload.ts";
import { holdPersisted } from "./hold-payload.ts";
import type { State } from "./state.ts";

/** Write what is held in memory. What is in the store already, as it was loaded or persisted, is left as it is. */
export async function persist(state: State, signal: AbortSignal | undefined): Promise<void> {
  const { held } = state;
  if (held.kind === "nothing") throw new NoPayloadError(state.node.name, "persist()");
  if (held.kind === "stored") {
    const found = await findArtifact(state, signal, certainStore(state.surroundings.store));
    if (found.state === "hit") return;
    throw new NoPayloadError(state.node.name, "persist()");
  }
  const generated = state.lastGenerated ?? {
    draft: draftRecord(state.node, undefined),
    createdAt: new Date().toISOString(),
    durationMs: 0,
    taken: {},
    staged: undefined,
  };
  const payload = held.kind === "value" ? held.value : undefined;
  await publishPayload(
    state,
    { ...generated, payload },
    { replace: true, signal, ...(held.kind === "encoded" ? { encoded: held.encoded } : {}) },
  );
  if (held.kind === "encoded") state.held = { kind: "stored" };
  else holdPersisted(state, held.value);
}
