import { collectProvenance } from "../../artifact/provenance/collect-provenance.ts";
import { fingerprintOf, locationOf } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { emitPlain } from "../log/emit-event.ts";
import { isAccepted } from "./accepted-source.ts";
import { findRecord } from "./explain.ts";

/**
 * Says that the loaded artifact was made by other source code than today's, and which module each
 * is in. If two definitions share a name by mistake, they load each other's payloads, and this
 * event tells their authors.
 */
export async function emitSourceChanged(state: State, recorded: string): Promise<void> {
  const current = await fingerprintOf(state.declaration);
  const [record, { module: currentModule }] = await Promise.all([
    // The payload was loaded all the same, so a module that cannot be found out is left out.
    findRecord(state).catch(() => undefined),
    collectProvenance(locationOf(state.declaration)),
  ]);
  if (record !== undefined) {
    const { name, address } = record;
    const change = { name, address, recorded, accepted: current };
    if (await isAccepted(state.surroundings.store, change, {}).catch(() => false)) return;
  }
  const recordedModule = record?.provenance.module;
  emitPlain(state, {
    type: "source-changed",
    recorded,
    current,
    ...(recordedModule === undefined ? {} : { recordedModule }),
    ...(currentModule === undefined ? {} : { currentModule }),
  });
}
