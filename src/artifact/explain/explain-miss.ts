import type { RecipeNode } from "../../address/recipe-node.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { ReadableStore } from "../../store/store.ts";
import { compareRecipes } from "./compare-recipes.ts";
import type { MissReason, RecipeChange } from "./miss.ts";
import { readRecords } from "./read-records.ts";

/** How many records are compared when the caller asks why there is no artifact. */
export const EXPLAIN_RECORDS = 10_000;
/** How many are compared when a miss is only mentioned: in a log line, or in the error of `load()`. */
export const MENTION_RECORDS = 64;
/** How long a miss that is noted in passing may rely on what was read for an earlier one. */
const NOTE_FRESH_MS = 10_000;

/**
 * Why there is no artifact: the nearest one of the same name, and what differs. Records are read, payloads never.
 *
 * @throws a StoreError where the store cannot be listed; records that cannot be read are left out.
 */
export async function explainMiss(
  store: ReadableStore,
  node: RecipeNode,
  options: { readonly maxRecords: number; readonly signal?: AbortSignal | undefined },
): Promise<MissReason> {
  const { maxRecords, signal } = options;
  // One more than is compared tells whether any record was left out.
  const records = await readRecords(store, node.name, node.classes, { maxRecords: maxRecords + 1, signal });
  return nearestReason(node, records.slice(0, maxRecords), records.length > maxRecords);
}

const noted = new WeakMap<
  ReadableStore,
  Map<string, { readonly records: Promise<ArtifactRecord[]>; readonly readAtMs: number }>
>();

/** Like {@link explainMiss} for a log line or an event: bounded, and not read anew for each of many misses in a row. */
export async function noteMiss(store: ReadableStore, node: RecipeNode): Promise<MissReason> {
  const folders = noted.get(store) ?? new Map();
  noted.set(store, folders);
  let folder = folders.get(node.name);
  if (folder === undefined || performance.now() - folder.readAtMs > NOTE_FRESH_MS) {
    folder = {
      records: readRecords(store, node.name, node.classes, { maxRecords: MENTION_RECORDS + 1 }),
      readAtMs: performance.now(),
    };
    folders.set(node.name, folder);
  }
  const records = await folder.records;
  return nearestReason(node, records.slice(0, MENTION_RECORDS), records.length > MENTION_RECORDS);
}

/**
 * The nearest of these records, and what differs from it. The record of the node itself is skipped.
 *
 * @param isPartial - whether records of this name were left out, which the reason then says
 */
export function nearestReason(node: RecipeNode, records: readonly ArtifactRecord[], isPartial = false): MissReason {
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
      ...(isPartial ? { comparedRecords: records.length } : {}),
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
