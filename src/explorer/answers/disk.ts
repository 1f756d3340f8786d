import { listRecords } from "../../catalog/entries/list-records.ts";
import { operandOf } from "../../catalog/query/operand.ts";
import { parseQuery } from "../../catalog/query/parse-query.ts";
import type { CollectionDecision } from "../../housekeeping/collection-plan.ts";
import { planCollection } from "../../housekeeping/plan-collection.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import { INDEX_FOLDER } from "../../store/internal-folder.ts";
import type { AgeBin, CollectionAnswer, DiskAnswer, NameBytes } from "../shapes/drawing-shapes.ts";
import { type Asked, bad, MAX_ROWS } from "./asked.ts";
import { literal } from "./commands.ts";
import type { ExploredStore } from "./explored-store.ts";
import { nameTerm, queryTerms } from "./terms.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const AGES = [
  { label: "today", days: 1 },
  { label: "this week", days: 7 },
  { label: "this month", days: 30 },
  { label: "this year", days: 365 },
  { label: "older", days: Number.POSITIVE_INFINITY },
];
/** Times of last use and digests are in the records alone. */
const MAX_READ = 20_000;
const NO_DUPLICATES = { duplicates: { total: 0, offset: 0, rows: [] }, extraBytes: 0 };

/** Answers `/api/disk`. */
export async function answerDisk(
  { catalog, store, commands }: ExploredStore,
  signal: AbortSignal,
): Promise<DiskAnswer> {
  const usage = await catalog.usage();
  const names = usage.flatMap(({ name, ...bytes }) => (name === undefined ? [] : [{ name, ...bytes }]));
  const rest = usage.find(({ name }) => name === undefined);
  const sorted = names.sort((one, other) => bytesOf(other) - bytesOf(one));
  const ofNames = sorted.reduce((sum, name) => sum + bytesOf(name), 0);
  const isLarge = names.reduce((sum, each) => sum + each.artifacts, 0) > MAX_READ;
  let indexBytes = 0;
  for await (const { sizeBytes } of store.list(`${INDEX_FOLDER}/`, { signal })) indexBytes += sizeBytes;
  const otherBytes = rest?.otherBytes ?? 0;
  return {
    totalBytes: ofNames + otherBytes,
    names: { total: sorted.length, offset: 0, rows: sorted.slice(0, MAX_ROWS) },
    otherBytes,
    indexBytes,
    byAge: await agesOf(catalog),
    byLastUse: isLarge ? [] : await usesOf(store, signal),
    ...(isLarge ? NO_DUPLICATES : await duplicatesOf(store, names, signal)),
    ...(isLarge ? { leftOut: `Records are only read where there are at most ${MAX_READ} artifacts.` } : {}),
    commands: commands.commands(["gc", "--older-than", "30d"], (dataDir) => `await openCatalog(${dataDir}).usage();`),
  };
}

function bytesOf({ recordBytes, payloadBytes, orphanBytes, quarantineBytes, otherBytes }: NameBytes): number {
  return recordBytes + payloadBytes + orphanBytes + quarantineBytes + otherBytes;
}

async function agesOf(catalog: ExploredStore["catalog"]): Promise<readonly AgeBin[]> {
  const bins: AgeBin[] = [];
  let younger = "";
  for (const { label, days } of AGES) {
    const query = [...(Number.isFinite(days) ? [`created>-${days}d`] : []), ...(younger === "" ? [] : [younger])];
    const text = ["state=present", ...query].join(" ");
    const facets = await catalog.facets(text, { mostDistinct: 1 });
    const sizeBytes = facets.find(({ field }) => field === "size")?.sum ?? 0;
    bins.push({ label, artifacts: (await catalog.find(text, { limit: 0 })).total, sizeBytes, query: text });
    younger = `created<=-${days}d`;
  }
  return bins;
}

/** Finds payloads that are the same, byte for byte. */
async function duplicatesOf(
  store: ExploredStore["store"],
  names: readonly NameBytes[],
  signal: AbortSignal,
): Promise<Pick<DiskAnswer, "duplicates" | "extraBytes">> {
  const found = new Map<
    string,
    { readonly digest: string; count: number; sizeBytes: number; readonly query: string }
  >();
  for (const { name } of names)
    for await (const record of listRecords(store, name, { signal })) {
      if ("problem" in record || record.payload.file === undefined) continue;
      const { digest } = record.payload;
      const known = found.get(digest) ?? { digest, count: 0, sizeBytes: 0, query: nameTerm(name) };
      found.set(digest, known);
      known.count += 1;
      known.sizeBytes = payloadBytesOf(record.payload);
    }
  const rows = [...found.values()]
    .filter(({ count }) => count > 1)
    .map(({ sizeBytes, ...each }) => ({ ...each, extraBytes: (each.count - 1) * sizeBytes }))
    .sort((one, other) => other.extraBytes - one.extraBytes);
  return {
    duplicates: { total: rows.length, offset: 0, rows: rows.slice(0, MAX_ROWS) },
    extraBytes: rows.reduce((sum, { extraBytes }) => sum + extraBytes, 0),
  };
}

async function usesOf(store: ExploredStore["store"], signal: AbortSignal): Promise<readonly AgeBin[]> {
  // No artifact is that old, so that the plan only tells the times of all of them.
  const { decisions } = await planCollection(store, { olderThanMs: Number.MAX_SAFE_INTEGER }, { signal });
  const nowMs = Date.now();
  const bins = AGES.map(({ label, days }) => ({ label, days, artifacts: 0, sizeBytes: 0 }));
  for (const decision of decisions) {
    if (decision.kind !== "artifact") continue;
    const ageMs = nowMs - Date.parse(decision.usedAt);
    const bin = bins.find(({ days }) => ageMs <= days * DAY_MS);
    if (bin === undefined) continue;
    bin.artifacts += 1;
    bin.sizeBytes += decision.sizeBytes;
  }
  return bins.map(({ days: _, ...bin }) => bin);
}

/** Answers `/api/collection`. */
export async function answerCollection(
  { store, commands }: ExploredStore,
  asked: Asked,
  signal: AbortSignal,
): Promise<CollectionAnswer> {
  const { offset, limit } = asked.part();
  const query = asked.query();
  const flags = {
    "--older-than": asked.text("olderThan"),
    "--unused-since": asked.text("unusedSince"),
    "--keep-last": asked.text("keepLast"),
    "--max-size": asked.text("maxSize"),
    "--quarantine": asked.text("quarantine"),
  };
  const orphans = asked.oneOf("orphans", ["0", "1"]) === "1";
  const policy = {
    ...(query === "" ? {} : { query }),
    olderThanMs: amountOf("olderThan", "took", flags["--older-than"]),
    unusedForMs: amountOf("unusedSince", "took", flags["--unused-since"]),
    keepLast: flags["--keep-last"] === undefined ? undefined : asked.whole("keepLast", { fallback: 0, most: 1e9 }),
    maxBytes: amountOf("maxSize", "size", flags["--max-size"]),
    quarantineOlderThanMs: amountOf("quarantine", "took", flags["--quarantine"]),
    orphans,
    temporary: orphans,
  };
  const { decisions, removes, keeps } = await planCollection(store, policy, { signal });
  const removed = decisions.filter(({ action }) => action === "remove");
  const given = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return {
    removes,
    keeps,
    keepReasons: reasonsOf(decisions),
    decisions: {
      total: removed.length,
      offset,
      rows: removed.slice(offset, offset + limit).map((decision) => ({
        kind: decision.kind,
        ...(decision.kind === "artifact"
          ? { what: decision.name, address: decision.address }
          : { what: decision.paths.slice(0, 3).join(", ") }),
        sizeBytes: decision.sizeBytes,
        reason: decision.reason.text,
      })),
    },
    commands: commands.ofQuery(
      ["gc", ...given, ...(orphans ? ["--orphans"] : [])],
      queryTerms(parseQuery(query)),
      (dataDir) => `await planCollection(${dataDir}, ${literal(policy)});`,
    ),
  };
}

/** Reads an amount with its unit as queries do: `30d`, `10GB`. */
function amountOf(key: string, fact: "took" | "size", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const amount = operandOf({ kind: "fact", fact }, { text, isText: false }, 0).number;
  if (amount !== undefined && amount >= 0) return amount;
  throw bad(
    `${key} cannot be ${JSON.stringify(text)}.`,
    fact === "took" ? "Write it as 30d or 12h." : "Write it as 10GB.",
  );
}

function reasonsOf(decisions: readonly CollectionDecision[]): CollectionAnswer["keepReasons"] {
  const reasons = new Map<string, { readonly code: string; readonly text: string; count: number }>();
  for (const { action, reason } of decisions) {
    if (action !== "keep") continue;
    const known = reasons.get(reason.code) ?? { code: reason.code, text: reason.text, count: 0 };
    reasons.set(reason.code, known);
    known.count += 1;
  }
  return [...reasons.values()].sort((one, other) => other.count - one.count);
}
