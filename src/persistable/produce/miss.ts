import { describeMiss, type MissReason } from "../../artifact/explain/miss.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { quarantineArtifact } from "../../artifact/read/quarantine-artifact.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { ReadOnlyStoreError } from "../../errors/store-errors.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import type { State } from "../declare/state.ts";
import type { Miss } from "../load/find-artifact.ts";
import { emitNow } from "../log/emit-now.ts";
import { logFileOf } from "../log/log-file.ts";

const explainMissPart = lazyPart(() => import("../../catalog/nearest/explain-miss.ts"));

export function damageError(state: State, { file, problem }: DamagedArtifact): CorruptArtifactError {
  return new CorruptArtifactError(state.recipe.name, state.recipe.address, file, problem);
}

/** Whether there is an artifact now, other than the one that was judged. */
export async function hasAppeared(state: State, judged: Miss): Promise<boolean> {
  const { name, address } = state.recipe;
  const path = recordPath(name, address);
  const store = state.surroundings.store;
  if (judged.state === "missing") return store.sync?.exists?.(path) ?? (await store.stat(path)) !== undefined;
  if (judged.state === "stale") {
    const inspected = await inspectArtifact(store, name, address, [], undefined);
    return inspected.state === "present" && inspected.record.provenance.createdAt !== judged.createdAt;
  }
  // Looks twice, since a single read that finds other bytes may itself be faulty.
  for (let look = 0; look < 2; look++) {
    const bytes = await readRecordBytes(store, path);
    if (bytes === undefined || Buffer.compare(bytes, judged.recordBytes) === 0) return false;
  }
  return true;
}

/** Records are compared only if a listener or a log gets the reason. */
export async function emitMiss(state: State, miss: Miss): Promise<void> {
  if (!state.surroundings.hasListener && logFileOf(state) === undefined) return;
  const reason = await reasonOf(state, miss);
  emitNow(state, { type: "miss", reason: describeMiss(reason), kind: reason.kind });
}

async function reasonOf(state: State, miss: Miss): Promise<MissReason> {
  if (miss.state === "damaged") return { kind: "corrupt", file: miss.file, problem: miss.problem };
  if (miss.state === "stale") return miss.reason;
  const { noteMiss } = await explainMissPart();
  return noteMiss(state.surroundings.store, state.recipe);
}

/**
 * Returns the error for a caller whose payload cannot be generated. If that is because the store is
 * only read, people want to know what is missing, and not which lock could not be taken.
 */
export async function refusalOf(state: State, miss: Miss, error: unknown): Promise<unknown> {
  if (!(error instanceof ReadOnlyStoreError)) return error;
  const { name, address } = state.recipe;
  const { cause, operation } = error;
  const needed = `${name} would have to be generated: ${describeMiss(await reasonOf(state, miss))}`;
  const path = `${state.surroundings.store.url}/${recordPath(name, address)}`;
  return new ReadOnlyStoreError({ operation, path, cause }, needed);
}

/** Sets a damaged artifact aside. Returns false if another process has replaced it since. */
export async function setAside(
  state: State,
  judged: DamagedArtifact,
  { supervisor }: InternalCallOptions,
): Promise<boolean> {
  const { name, address } = state.recipe;
  const quarantine = await quarantineArtifact(state.surroundings.store, name, address, judged);
  const { file, problem } = judged;
  const corrupt = { type: "corrupt", file, problem, ...(quarantine === undefined ? {} : { quarantine }) } as const;
  emitNow(state, corrupt, supervisor?.onEvent);
  return quarantine !== undefined;
}
