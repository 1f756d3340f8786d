import { removeArtifact } from "../artifact/publish/remove-artifact.ts";
import { NoPayloadError } from "../errors/persistable-errors.ts";
import { certainStore } from "../store/certain-store.ts";
import { contextOf } from "./context/call-context.ts";
import type { State } from "./declare/state.ts";
import { forgetPayload, heldPayload } from "./load/hold-payload.ts";
import { validateGenerated } from "./load/invalid-payload.ts";
import { payloadOf } from "./load-or-generate.ts";
import { emitPlain } from "./log/emit-event.ts";

/** Implements `remove()`. */
export async function removePayload(state: State): Promise<boolean> {
  const { recipe, surroundings } = state;
  const { store } = surroundings;
  const removed = await removeArtifact(store, recipe.name, recipe.address, certainStore(store));
  await forgetPayload(state);
  if (removed) emitPlain(state, { type: "removed" });
  await state.logging;
  return removed;
}

/** Implements `validate()`: of the given payload, or else of the one in memory. */
export async function validatePayload(state: State, given: readonly unknown[]): Promise<void> {
  const payload = given.length === 0 ? await inMemory(state) : given[0];
  await validateGenerated(state, payload, contextOf(state, {}));
  await state.logging;
}

async function inMemory(state: State): Promise<unknown> {
  const { held, pending, recipe } = state;
  if (held.kind === "nothing" && pending !== undefined) return pending.open(undefined);
  if (held.kind === "stored") return payloadOf(state);
  const value = await heldPayload(state);
  if (value === undefined) throw new NoPayloadError(recipe.name, "validate()");
  return value.value;
}
