import type { StaleReason } from "../../artifact/explain/miss.ts";
import { describeDifferences } from "../../artifact/explain/source-difference.ts";
import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { SourceChangedError } from "../../errors/persistable-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import { fingerprintOf } from "../declare/declaration.ts";
import { isRefusedSource, sourcePolicyOf } from "../declare/source-policy.ts";
import type { State, Variant } from "../declare/state.ts";
import { isAccepted } from "./accepted-source.ts";
import { type FoundArtifact, findArtifact, type StaleArtifact } from "./find-artifact.ts";
import { differencesFrom } from "./kept-source.ts";

/**
 * Clocks of machines differ by less. An artifact that is further in the future was made under a
 * wrong clock, and has expired: otherwise it could stay for years.
 */
export const FUTURE_TOLERANCE_MS = 60_000;

/**
 * Judges whether an artifact is fresh enough. One that has expired, and may be given while it is
 * generated again, is marked as stale.
 *
 * @throws {@link SourceChangedError}
 */
export async function judgeArtifact(
  state: State,
  found: FoundArtifact,
  options: InternalCallOptions,
): Promise<FoundArtifact | StaleArtifact> {
  const { declaration, recipe } = state;
  const changed = await sourceReason(state, found.variant ?? recipe, found.source, options.signal);
  if (changed !== undefined) {
    if (sourcePolicyOf(declaration) === "error") throw sourceError(found.variant ?? recipe, changed);
    return { state: "stale", reason: changed, createdAt: await createdAtOf(state, found, options.signal) };
  }
  const { record } = found;
  if (record === undefined) return found;
  const { createdAt } = record.provenance;
  const maxAgeMs = options.refresh === true ? 0 : (options.maxAge ?? declaredMaxAge(state, found.payload, record));
  const isNewer = options.staleSince !== undefined && options.staleSince !== createdAt;
  const expired = expiredReason(createdAt, isNewer ? Number.POSITIVE_INFINITY : maxAgeMs, options.refresh === true);
  if (expired === undefined) return found;
  const graceMs = options.staleWhileRevalidate ?? declaration.staleWhileRevalidate ?? 0;
  const isServed = options.refresh !== true && expired.ageMs >= 0 && expired.ageMs < maxAgeMs + graceMs;
  return isServed ? { ...found, isStale: true } : { state: "stale", reason: expired, createdAt };
}

async function createdAtOf(
  { surroundings, recipe }: State,
  { record, variant }: FoundArtifact,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (record !== undefined) return record.provenance.createdAt;
  const { name, address } = variant ?? recipe;
  const inspected = await inspectArtifact(surroundings.store, name, address, recipe.classes, signal);
  return inspected.state === "present" ? inspected.record.provenance.createdAt : "";
}

/**
 * Judges an artifact by its record alone. The payload is loaded only where `maxAge` is a function.
 */
export async function staleReasonOf(
  state: State,
  record: ArtifactRecord,
  signal: AbortSignal | undefined,
): Promise<StaleReason | undefined> {
  const changed = await sourceReason(state, record, record.provenance.source, signal);
  if (changed !== undefined) return changed;
  const { maxAge } = state.declaration;
  if (maxAge === undefined) return undefined;
  if (typeof maxAge === "number") return expiredReason(record.provenance.createdAt, maxAge, false);
  const found = await findArtifact(state, signal);
  if (found.state !== "present") return undefined;
  return expiredReason(record.provenance.createdAt, declaredMaxAge(state, found.payload, record), false);
}

type SourceReason = Extract<StaleReason, { kind: "source-changed" }>;

async function sourceReason(
  state: State,
  { name, address }: Variant,
  recorded: string | undefined,
  signal: AbortSignal | undefined,
): Promise<SourceReason | undefined> {
  const current = await fingerprintOf(state.declaration);
  if (recorded === undefined || !isRefusedSource(state.declaration, recorded, current)) return undefined;
  const change = { name, address, recorded, accepted: current };
  const { store } = state.surroundings;
  if (await isAccepted(store, change, { signal })) return undefined;
  const differences = await differencesFrom({ declaration: state.declaration, store }, recorded);
  return { kind: "source-changed", recorded, current, ...(differences === undefined ? {} : { differences }) };
}

function sourceError({ name, address }: Variant, reason: SourceReason): SourceChangedError {
  return new SourceChangedError(name, address, reason, describeDifferences(reason.differences));
}

function declaredMaxAge({ declaration: { maxAge } }: State, payload: unknown, record: ArtifactRecord): number {
  if (maxAge === undefined) return Number.POSITIVE_INFINITY;
  return typeof maxAge === "number" ? maxAge : maxAge(payload as never, record);
}

function expiredReason(
  createdAt: string,
  maxAgeMs: number,
  isRefreshed: boolean,
): Extract<StaleReason, { kind: "expired" }> | undefined {
  const ageMs = Date.now() - Date.parse(createdAt);
  // Where artifacts never expire, a wrong clock cannot keep one too long.
  const isFromFuture = maxAgeMs !== Number.POSITIVE_INFINITY && ageMs < -FUTURE_TOLERANCE_MS;
  const isOld = ageMs >= maxAgeMs || Number.isNaN(maxAgeMs) || (isRefreshed && maxAgeMs === 0);
  return isFromFuture || isOld ? { kind: "expired", createdAt, ageMs, maxAgeMs } : undefined;
}
