import type { Address } from "../../address/address.ts";
import type { MissReason, StaleReason } from "../../artifact/explain/miss.ts";
import { readLease } from "../../artifact/lease/lease.ts";
import type { LeaseOwner } from "../../artifact/lease/lease-claim.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { fingerprintOf } from "../declare/declaration.ts";
import { isRefusedSource } from "../declare/source-policy.ts";
import type { State } from "../declare/state.ts";
import { inspectVariants } from "./inspect-variants.ts";
import type { UndeclaredChange } from "./undeclared-changes.ts";

const undeclaredChangesPart = lazyPart(() => import("./undeclared-changes.ts"));
const explainMissPart = lazyPart(() => import("../../catalog/nearest/explain-miss.ts"));
const judgeArtifactPart = lazyPart(() => import("./judge-artifact.ts"));

/** The answer of `explain()`: there is an artifact to load, or a reason why there is none. */
export type Explanation =
  | {
      readonly state: "hit";
      readonly address: Address;
      readonly record: ArtifactRecord;
      /**
       * The earlier name under which the artifact was found; absent if it was found under the
       * present one.
       */
      readonly alias?: string;
      /**
       * The undeclared loads of the generator that have changed since. The artifact is a hit all
       * the same: declare them as dependencies, and a change makes a miss.
       */
      readonly undeclaredChanges?: readonly UndeclaredChange[];
    }
  | {
      readonly state: "miss";
      readonly address: Address;
      readonly reason: MissReason;
      /** The process that generates the payload at the moment. */
      readonly inFlight?: LeaseOwner;
    };

/**
 * Looks at records and sizes. Reads no payload and generates nothing.
 *
 * @throws a StoreError if a store does not answer: its artifact is not reported as missing
 */
export async function explain(state: State, signal: AbortSignal | undefined): Promise<Explanation> {
  const found = await inspectFresh(state, state.recipe.classes, signal);
  if (found?.state === "hit" && found.record.provenance.undeclared !== undefined) {
    const { undeclaredChanges } = await undeclaredChangesPart();
    const changes = await undeclaredChanges(certainStore(state.surroundings.store), found.record, signal);
    return changes.length === 0 ? found : { ...found, undeclaredChanges: changes };
  }
  if (found?.state === "miss" && found.reason.kind !== "corrupt") {
    const lease = await readLease(certainStore(state.surroundings.store), state.recipe.address);
    return { ...found, ...(lease === undefined ? {} : { inFlight: lease }) };
  }
  if (found !== undefined) return found;
  const { address } = state.recipe;
  const store = certainStore(state.surroundings.store);
  const { explainMiss } = await explainMissPart();
  const [reason, inFlight] = await Promise.all([explainMiss(store, state.recipe, signal), readLease(store, address)]);
  return { state: "miss", address, reason, ...(inFlight === undefined ? {} : { inFlight }) };
}

/**
 * Tells whether there is an artifact to load. The cost does not depend on how many artifacts of the
 * name exist, since no other record is read: a caller that also wants the reason calls
 * {@link explain}. The codecs of the user's classes are not called, since the caller gets nothing
 * of the record.
 */
export async function isPersisted(state: State, signal: AbortSignal | undefined): Promise<boolean> {
  return (await findPersisted(state, signal)) !== undefined;
}

/** Like {@link isPersisted}, but returns the record, in which values of classes are not revived. */
export async function findPersisted(
  state: State,
  signal: AbortSignal | undefined,
): Promise<ArtifactRecord | undefined> {
  const found = await inspectFresh(state, [], signal);
  return found?.state === "hit" ? found.record : undefined;
}

/** Like {@link inspectAll}; an artifact that is not fresh enough is a miss. */
async function inspectFresh(
  state: State,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<Explanation | undefined> {
  const found = await inspectAll(state, classes, signal);
  if (found?.state !== "hit") return found;
  const reason = await reasonIfStale(state, found.record, signal);
  return reason === undefined ? found : { state: "miss", address: found.address, reason };
}

async function reasonIfStale(
  state: State,
  record: ArtifactRecord,
  signal: AbortSignal | undefined,
): Promise<StaleReason | undefined> {
  const { declaration } = state;
  const current = await fingerprintOf(declaration);
  if (declaration.maxAge === undefined && !isRefusedSource(declaration, record.provenance.source, current))
    return undefined;
  const { staleReasonOf } = await judgeArtifactPart();
  return staleReasonOf(state, record, signal);
}

/**
 * Returns the artifact at the address or under an alias, or the damage at the address; `undefined`
 * if there is neither.
 */
async function inspectAll(
  state: State,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<Explanation | undefined> {
  const { address, name } = state.recipe;
  for await (const { variant, inspected } of inspectVariants(state, classes, signal)) {
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
  const record = await findRecord(state);
  const reason = record && (await reasonIfStale(state, record, undefined));
  return record !== undefined && reason?.kind === "expired" ? { ...record, expired: true } : record;
}

/**
 * Like {@link readRecord}, but does not say whether the artifact has expired.
 *
 * @throws {@link CorruptArtifactError}
 */
export async function findRecord(state: State): Promise<ArtifactRecord | undefined> {
  const { name, classes } = state.recipe;
  for await (const { variant, inspected } of inspectVariants(state, classes, undefined)) {
    if (inspected.state === "present") return inspected.record;
    if (inspected.state === "damaged")
      throw new CorruptArtifactError(name, variant.address, inspected.file, inspected.problem);
  }
  return undefined;
}
