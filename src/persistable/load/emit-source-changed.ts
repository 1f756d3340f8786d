import { collectProvenance } from "../../artifact/provenance/collect-provenance.ts";
import { provenanceKeysOf } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { emitPlain } from "../log/emit-event.ts";
import { readRecord } from "./explain.ts";

/**
 * Says that the loaded artifact was made by other source code than today's, and which module each
 * is in. If two definitions share a name by mistake, they load each other's payloads, and this
 * event tells their authors.
 */
export async function emitSourceChanged(state: State, recorded: string): Promise<void> {
  const { location, source } = provenanceKeysOf(state.declaration);
  const [record, { module: currentModule }] = await Promise.all([
    // The payload was loaded all the same, so a module that cannot be found out is left out.
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
