import type { Inspected } from "../../artifact/read/inspect-artifact.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import type { State } from "../../persistable/declare/state.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import type { None } from "../../persistable/definition.ts";
import { eachPersistable } from "../../persistable/draws-of.ts";
import { inspectVariants } from "../../persistable/load/inspect-variants.ts";
import { loadPayload } from "../../persistable/load/load-payload.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { ArtifactTable } from "./artifact-table.ts";
import { ParamsFlattener } from "./flatten-params.ts";
import type { Row } from "./row.ts";

/** How artifacts are collected. */
export interface CollectOptions<Built extends AnyPersistable, Metrics extends object> {
  /**
   * Computes further columns from the payload of each artifact. `collect` loads every payload for
   * this, and does not keep it. Values that are in the summary are columns without it.
   */
  readonly metrics?:
    | ((payload: Awaited<Built["payload"]>, persistable: Built) => Metrics | Promise<Metrics>)
    | undefined;
  /** How many artifacts are read at the same time. Default 8. */
  readonly concurrency?: number | undefined;
  /** Ends the collecting: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads many artifacts into one table, with one row per target, in their order: params, provenance,
 * cost, summary, metrics. It generates nothing: a target without an artifact gets a row with its
 * params and the state `missing`.
 *
 * A damaged artifact gets the state `corrupt`, and the column `artifact.problem` says what is
 * wrong. If only its payload is damaged, `collect` finds that out when `metrics` needs the payload.
 *
 * @throws {@link InvalidTableError} if the params cannot be columns: there are too many, or two
 * columns would have the same name; {@link NewerRecordError} if a newer release wrote a record;
 * {@link DefinitionError} if a target is not a persistable; what `metrics` throws; a StoreError if
 * a store cannot be read; the signal's reason
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { collect } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const table = await collect(study);
 * table.rows[0]?.["points.n"];      // 10
 * table.rows[0]?.["summary.mean"];  // 0.48
 * writeFileSync("study.csv", table.toCsv());
 * ```
 */
export async function collect<Built extends AnyPersistable, Metrics extends object = None>(
  targets: Built | Iterable<Built>,
  options: CollectOptions<Built, Metrics> = {},
): Promise<ArtifactTable<Row<Built, Metrics>>> {
  const { signal, concurrency = 8 } = options;
  const flattener = new ParamsFlattener();
  const pauseTimer = new PauseTimer(signal);
  const collectRow = async (target: Built): Promise<Record<string, unknown>> => {
    const row = await rowOf(target, flattener, options);
    if (pauseTimer.isDue()) await pauseTimer.pause();
    return row;
  };
  const rows = await mapConcurrently(eachPersistable(targets), collectRow, { concurrency });
  const typed: readonly unknown[] = rows;
  return new ArtifactTable(typed as readonly Row<Built, Metrics>[], columnsOf(rows));
}

async function rowOf<Built extends AnyPersistable, Metrics extends object>(
  target: Built,
  flattener: ParamsFlattener,
  { metrics, signal }: CollectOptions<Built, Metrics>,
): Promise<Record<string, unknown>> {
  const state = stateOf(target, "A target of collect");
  const row: Record<string, unknown> = Object.fromEntries(flattener.flatten(state.recipe));
  row["artifact.name"] = state.recipe.name;
  row["artifact.address"] = state.recipe.address;
  row["artifact.state"] = "missing";
  row["artifact.draw"] = state.recipe.draw;
  if (state.recipe.version !== undefined) row["artifact.version"] = state.recipe.version;
  const found = await inspect(state, signal);
  if (found.state === "damaged") addDamage(row, found);
  if (found.state !== "present") return row;
  row["artifact.state"] = "persisted";
  addRecord(row, found.record);
  if (metrics === undefined) return row;
  const loaded = await load(state, signal);
  if (loaded.state === "present")
    addPrefixed(row, "metrics", await metrics(loaded.payload as Awaited<Built["payload"]>, target));
  else addDamage(row, loaded);
  return row;
}

function addDamage(row: Record<string, unknown>, { file, problem }: Damage): void {
  row["artifact.state"] = "corrupt";
  row["artifact.problem"] = `${file} ${problem}`;
}

interface Damage {
  readonly file: string;
  readonly problem: string;
}

async function inspect(state: State, signal: AbortSignal | undefined): Promise<Inspected> {
  for await (const { variant, inspected } of inspectVariants(state, state.recipe.classes, signal)) {
    const isOwn = variant.address === state.recipe.address;
    if (inspected.state === "present" || (isOwn && inspected.state === "damaged")) return inspected;
  }
  return { state: "missing" };
}

function addRecord(row: Record<string, unknown>, record: ArtifactRecord): void {
  const { createdAt, durationMs, host, git, cost } = record.provenance;
  const columns = {
    createdAt: new Date(createdAt),
    durationMs,
    sizeBytes: payloadBytesOf(record.payload),
    format: record.payload.format,
    host,
    commit: git?.commit,
  };
  addPrefixed(row, "artifact", columns);
  addPrefixed(row, "cost", cost ?? {});
  addPrefixed(row, "summary", record.summary ?? {});
}

/**
 * Loads the payload for `metrics`. The persistable holds afterwards what it held before, so that
 * the payloads of a large table are not all in memory. Some damage shows only when the payload is
 * read.
 */
async function load(
  state: State,
  signal: AbortSignal | undefined,
): Promise<{ readonly state: "present"; readonly payload: unknown } | ({ readonly state: "damaged" } & Damage)> {
  const { held } = state;
  try {
    return { state: "present", payload: await loadPayload(state, { signal }) };
  } catch (error) {
    if (error instanceof CorruptArtifactError) return { state: "damaged", file: error.file, problem: error.problem };
    throw error;
  } finally {
    state.held = held;
  }
}

function addPrefixed(row: Record<string, unknown>, prefix: string, values: object): void {
  for (const [key, value] of Object.entries(values)) if (value !== undefined) row[`${prefix}.${key}`] = value;
}

const ORDER = ["artifact.", "cost.", "summary.", "metrics."];

/**
 * Params come first, and then what is known of the artifacts, group by group. Within a group,
 * columns have the order in which the rows first have them.
 */
function columnsOf(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = new Set<string>();
  for (const row of rows) for (const column of Object.keys(row)) columns.add(column);
  const rank = (column: string): number => ORDER.findIndex((prefix) => column.startsWith(prefix));
  return [...columns].sort((one, other) => rank(one) - rank(other));
}
