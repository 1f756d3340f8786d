import type { Address } from "../../address/address.ts";
import type { MissReason } from "../../artifact/explain/miss.ts";
import { readLease } from "../../artifact/lease/lease.ts";
import type { LeaseOwner } from "../../artifact/lease/lease-claim.ts";
import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { State } from "../declare/state.ts";
import { variantsOf } from "../declare/variant-addresses.ts";

/** Whether there is an artifact to load, and if not, why: what `explain()` gives. */
export type Explanation =
  | {
      readonly state: "hit";
      readonly address: Address;
      readonly record: ArtifactRecord;
      /** The earlier name under which the artifact was found; absent where that is its present name. */
      readonly alias?: string;
    }
  | {
      readonly state: "miss";
      readonly address: Address;
      readonly reason: MissReason;
      /** Who generates it at the moment. */
      readonly inFlight?: LeaseOwner;
    };

/**
 * Looks at records and sizes; no payload is read, nothing is generated.
 *
 * @throws a StoreError where a store cannot tell: what did not answer is not reported as missing.
 */
export async function explain(state: State, signal: AbortSignal | undefined): Promise<Explanation> {
  const found = await inspectVariants(state, state.recipe.classes, signal);
  if (found !== undefined) return found;
  const { address } = state.recipe;
  const store = certainStore(state.surroundings.store);
  const { explainMiss } = await loadPart(() => import("../../catalog/explain-miss.ts"));
  const [reason, inFlight] = await Promise.all([explainMiss(store, state.recipe, signal), readLease(store, address)]);
  return { state: "miss", address, reason, ...(inFlight === undefined ? {} : { inFlight }) };
}

/**
 * Whether there is an artifact to load. The cost does not depend on how many artifacts of the name
 * exist, since no other record is read: a caller who also wants the reason calls {@link explain}. The
 * codecs of the user's classes are not asked, since nothing of the record is handed out.
 */
export async function isPersisted(state: State, signal: AbortSignal | undefined): Promise<boolean> {
  return (await inspectVariants(state, [], signal))?.state === "hit";
}

/** The artifact at the address or under an alias, or the damage at the address; else `undefined`. */
async function inspectVariants(
  state: State,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<Explanation | undefined> {
  const { address, name } = state.recipe;
  const store = certainStore(state.surroundings.store);
  for (const variant of [{ name, address }, ...variantsOf(state)]) {
    const inspected = await inspectArtifact(store, variant.name, variant.address, classes, signal);
    if (inspected.state === "present")
      return {
        state: "hit",
        address: variant.address,
        record: inspected.record,
        ...(variant.name === name ? {} : { alias: variant.name }),
      };
    if (inspected.state === "damaged" && variant.address === address) {
      return { state: "miss", address, reason: { kind: "corrupt", file: inspected.file, problem: inspected.problem } };
    }
  }
  return undefined;
}

/**
 * Returns the record under the present name or an earlier one.
 *
 * @throws {@link CorruptArtifactError}
 */
export async function readRecord(state: State): Promise<ArtifactRecord | undefined> {
  const { name, address, classes } = state.recipe;
  for (const variant of [{ name, address }, ...variantsOf(state)]) {
    const inspected = await inspectArtifact(
      certainStore(state.surroundings.store),
      variant.name,
      variant.address,
      classes,
      undefined,
    );
    if (inspected.state === "present") return inspected.record;
    if (inspected.state === "damaged")
      throw new CorruptArtifactError(name, variant.address, inspected.file, inspected.problem);
  }
  return undefined;
}
