import type { RecipeNode } from "../../address/recipe-node.ts";
import { compareRecipes } from "../../artifact/explain/compare-recipes.ts";
import type { MissReason, RecipeChange } from "../../artifact/explain/miss.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { ReadableStore } from "../../store/store.ts";
import { findFormerName } from "../find-former-name.ts";
import { readRecords } from "../read-records.ts";
import { type NearRecords, recipeIndexOf } from "./recipe-index.ts";

/** How many records of a store behind a network are compared when the caller asks for a reason. */
const REMOTE_EXPLAIN_RECORDS = 10_000;
/** How many records are compared when a miss is only mentioned: in an error or in a log line. */
const MENTION_RECORDS = 64;
/**
 * How many records are read from this machine for a log line. Records that were read before are
 * compared, too.
 */
const NOTE_RECORDS = 10_000;
/**
 * How long a log line may use the records that were read over a network for an earlier log line.
 */
const NOTE_FRESH_MS = 10_000;
/** How long a list of the names on this machine may be used. */
const NAMES_FRESH_MS = 1000;

/**
 * Explains why an artifact is missing: finds the nearest artifact of the same name, and what
 * differs. It reads records, but never payloads.
 *
 * @throws a StoreError where the store cannot be listed; records that cannot be read are left out;
 * the signal's reason
 */
export async function explainMiss(
  store: ReadableStore,
  node: RecipeNode,
  signal: AbortSignal | undefined,
): Promise<MissReason> {
  const recipeIndex = recipeIndexOf(store, node.name);
  const maxRecords = store.sync === undefined ? REMOTE_EXPLAIN_RECORDS : Number.POSITIVE_INFINITY;
  await recipeIndex.refresh({ maxRecords, signal });
  return reasonFrom(await recipeIndex.nearest(node, { limit: 1, signal }), store, node, 0);
}

/**
 * Explains a miss from a few records, at a cost that does not grow with the number of artifacts.
 *
 * @throws like {@link explainMiss}
 */
export async function mentionMiss(
  store: ReadableStore,
  node: RecipeNode,
  signal: AbortSignal | undefined,
): Promise<MissReason> {
  return reasonAmong(node, await readFew(store, node, signal));
}

/** Some records of a name, as they were read for a log line. */
interface NotedRecords {
  readonly records: Promise<readonly ArtifactRecord[]>;
  readonly readAtMs: number;
  isEmpty: boolean;
}

const noted = new WeakMap<ReadableStore, Map<string, NotedRecords>>();

/**
 * Explains a miss for a log line or an event. Many misses in a row share what was read, so that
 * they do not read the same records again and again.
 *
 * @throws like {@link explainMiss}
 */
export async function noteMiss(store: ReadableStore, node: RecipeNode): Promise<MissReason> {
  const reason = await reasonInPassing(store, node);
  // This comes last: only a list of the store shows whether both of its layers answer.
  return unreachable(store) ?? reason;
}

/** The reason of every miss while one layer of the store does not answer. */
export function unreachable(store: ReadableStore): MissReason | undefined {
  const failure = store.layers?.failure;
  return failure === undefined ? undefined : { kind: "unreachable", problem: failure.message };
}

async function reasonInPassing(store: ReadableStore, node: RecipeNode): Promise<MissReason> {
  if (store.sync !== undefined) {
    const recipeIndex = recipeIndexOf(store, node.name);
    await recipeIndex.refreshInPassing({ maxRecords: NOTE_RECORDS });
    let near = recipeIndex.nearestNow(node);
    if (near.total === 0) {
      // Look again before the answer is "never generated": an artifact may have appeared since.
      await recipeIndex.refresh({ maxRecords: NOTE_RECORDS });
      near = recipeIndex.nearestNow(node);
    }
    return reasonFrom(near, store, node, NAMES_FRESH_MS);
  }
  return reasonAmong(node, await noteRecords(store, node).records);
}

function noteRecords(store: ReadableStore, node: RecipeNode): NotedRecords {
  const ofStore = noted.get(store) ?? new Map<string, NotedRecords>();
  noted.set(store, ofStore);
  const known = ofStore.get(node.name);
  const isFresh = known !== undefined && performance.now() - known.readAtMs <= NOTE_FRESH_MS;
  // Look again before the answer is "never generated": an artifact may have appeared since.
  if (isFresh && !known.isEmpty) return known;
  const reading: NotedRecords = {
    records: readFew(store, node, undefined).then((records) => {
      reading.isEmpty = records.length === 0;
      return records;
    }),
    readAtMs: performance.now(),
    isEmpty: false,
  };
  ofStore.set(node.name, reading);
  return reading;
}

async function reasonFrom(
  near: NearRecords,
  store: ReadableStore,
  node: RecipeNode,
  namesAgeMs: number,
): Promise<MissReason> {
  if (near.total > 0) return nearestReason(node, near);
  const formerName = await findFormerName(store, node, namesAgeMs);
  return { kind: "never-generated", ...(formerName === undefined ? {} : { formerName }) };
}

/** Reading one record more than are compared shows whether any record is left out. */
function readFew(store: ReadableStore, node: RecipeNode, signal: AbortSignal | undefined): Promise<ArtifactRecord[]> {
  return readRecords(store, node.name, node.classes, { maxRecords: MENTION_RECORDS + 1, signal });
}

function reasonAmong(node: RecipeNode, read: readonly ArtifactRecord[]): MissReason {
  const records = read.slice(0, MENTION_RECORDS);
  const total = read.length > records.length ? Number.POSITIVE_INFINITY : records.length;
  return nearestReason(node, { records, compared: records.length, total });
}

/**
 * The nearest of these records, and what differs from it. The record of the node itself is skipped.
 */
export function nearestReason(node: RecipeNode, { records, compared, total }: NearRecords): MissReason {
  let best: { readonly record: ArtifactRecord; readonly changes: readonly RecipeChange[] } | undefined;
  for (const record of records) {
    if (record.address === node.address) continue;
    const changes = compareRecipes(node, record);
    const nearer =
      best === undefined ||
      changes.length < best.changes.length ||
      (changes.length === best.changes.length && record.provenance.createdAt > best.record.provenance.createdAt);
    if (nearer) best = { record, changes };
  }
  if (best === undefined || best.changes.length === 0) return { kind: "never-generated" };
  const { createdAt } = best.record.provenance;
  return {
    kind: kindOf(best.changes),
    nearest: {
      address: best.record.address,
      createdAt,
      ageMs: Math.max(0, Date.now() - Date.parse(createdAt)),
      ...(compared < total ? { comparedRecords: compared } : {}),
      ...(compared < total && Number.isFinite(total) ? { totalRecords: total } : {}),
    },
    changes: best.changes,
  };
}

function kindOf(
  changes: readonly RecipeChange[],
): "params-changed" | "dependency-changed" | "version-changed" | "draw-changed" {
  const own = changes.filter(({ roles, what }) => roles.length === 0 && what !== "dependency");
  if (own.length === 0) return "dependency-changed";
  if (own.some(({ what }) => what === "param")) return "params-changed";
  return own.some(({ what }) => what === "version") ? "version-changed" : "draw-changed";
}
