import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import type { State } from "../../persistable/declare/state.ts";
import { variantsOf } from "../../persistable/declare/variant-addresses.ts";
import { peekPayloadBytes } from "../../record/payload-bytes.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { NodeKind, type PlanGraph } from "./plan-graph.ts";

const CONCURRENT_READS = 32;

/**
 * Adds up the payload sizes in the records of needed hits. A missing or damaged record adds
 * nothing.
 */
export async function sumPayloadBytes({ needed, kinds, states }: PlanGraph): Promise<number> {
  const pauseTimer = new PauseTimer(undefined);
  const asked: State[] = [];
  let sum = 0;
  for (const [node, state] of states.entries()) {
    if (needed[node] === 0 || kinds[node] !== NodeKind.hit) continue;
    const size = sizeNow(state);
    if (size === undefined) asked.push(state);
    else sum += size;
    if (pauseTimer.isDue()) await pauseTimer.pause();
  }
  const sizes = await mapConcurrently(asked, sizeOf, { concurrency: CONCURRENT_READS });
  return sizes.reduce((total, size) => total + size, sum);
}

/** Returns `undefined` if the store cannot answer synchronously, or the record is not readable. */
function sizeNow({ recipe, surroundings }: State): number | undefined {
  const found = surroundings.store.sync?.readShared(recordPath(recipe.name, recipe.address), MAX_RECORD_BYTES);
  return found instanceof Uint8Array ? peekPayloadBytes(found) : undefined;
}

async function sizeOf(state: State): Promise<number> {
  const { store } = state.surroundings;
  for (const { name, address } of [state.recipe, ...variantsOf(state)]) {
    const path = recordPath(name, address);
    const bytes = await readRecordBytes(store, path);
    if (bytes === undefined) continue;
    // A single read may go wrong, so the record counts as damaged only after a second one.
    return peekPayloadBytes(bytes) ?? peekPayloadBytes((await readRecordBytes(store, path)) ?? bytes) ?? 0;
  }
  return 0;
}
