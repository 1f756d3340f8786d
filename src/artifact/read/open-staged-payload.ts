import type { RecipeNode } from "../../address/recipe-node.ts";
import type { DecodeLimits, Format } from "../../format/format.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store } from "../../store/store.ts";
import { isOwnHealed } from "./is-healed.ts";
import { openStoredPayload, type StoredArtifact } from "./open-stored-payload.ts";
import { settleOwnDamage } from "./settle-damage.ts";
import { succeedingSource } from "./succeeding-source.ts";

/**
 * Opens the handle on a payload that was just written, where it lies: the caller that had it
 * generated gets the same handle as every later caller that loads it.
 */
export function openStagedPayload(
  store: Store,
  { name, address, classes }: RecipeNode,
  payload: StoredArtifact["payload"],
  format: Format,
  limits: DecodeLimits,
): Promise<unknown> {
  return openStoredPayload({
    // The payload was written just now: a read that finds nothing does not mean that it is missing.
    ...{ store: certainStore(store), name, address, payload, format, limits },
    heal: () => isOwnHealed(store, name, address),
    onDamage: (damage) => settleOwnDamage({ store, name, address, file: payload.file }, damage),
    successor: () => succeedingSource({ store, name, address, classes, format: format.id }),
  });
}
