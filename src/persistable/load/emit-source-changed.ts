import { collectProvenance } from "../../artifact/provenance/collect-provenance.ts";
import { provenanceKeysOf } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { emitPlain } from "../log/emit-event.ts";
import { readRecord } from "./explain.ts";

/**
 * Says that another source than today's made the loaded artifact, and which module each is in: two definitions that
 * share a name by mistake load each other's payloads, and this is how their authors hear of it.
 */
export async function emitSourceChanged(state: State, recorded: string): Promise<void> {
  const { location, source } = provenanceKeysOf(state.declaration);
  const [record, { module: currentModule }] = await Promise.all([
    // The payload was loaded all the same: what cannot be found out is left out.
    readRecord(state).catch(() => undefined),
    collectProvenance(location),
  ]);
  const recordedModule = record?.provenance.module;
  emitPlain(state, {
    type: "source-changed",
    recorded,
    current: source,
    ...(recordedModule === undefined ? {} : { recordedModule }),
    ...(currentModule === undefined ? {} : { currentModule }),
  });
}
