import { inspectArtifact } from "../artifact/inspect-artifact.ts";
import { loadPayload } from "../persistable/load-payload.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { type State, stateKey } from "../persistable/state.ts";
import { variantsOf } from "../persistable/variant-addresses.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { Breather } from "./breather.ts";
import { ParamsFlattener } from "./flatten-params.ts";
import type { Row } from "./row.ts";
import { Table } from "./table.ts";

/** How artifacts are collected. */
export interface CollectOptions<Built extends AnyPersistable, Metrics extends object> {
  /** More columns, from the payload: it is loaded for that, and let go again. What is in the summary costs nothing. */
  readonly metrics?:
    | ((payload: Awaited<Built["payload"]>, persistable: Built) => Metrics | Promise<Metrics>)
    | undefined;
  /** How many are read at the same time; 8 by default. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Many artifacts as one table, a row each in the order of the targets: params, provenance, cost, summary, metrics. Nothing is generated; what is not there has a row with
 * its params and the state `missing`.
 *
 * @throws {@link InvalidTableError} where the params make no table; what `metrics` throws; a StoreError.
 *
 * @example
 * ```ts
 * const table = await collect(study);
 * table.rows[0]?.["points.n"];      // 10
 * table.rows[0]?.["summary.mean"];  // 0.48
 * writeFileSync("study.csv", table.toCsv());
 * ```
 */
export async function collect<Built extends AnyPersistable, Metrics extends object = Record<never, never>>(
  targets: Built | Iterable<Built>,
  options: CollectOptions<Built, Metrics> = {},
): Promise<Table<Row<Built, Metrics>>> {
  const { signal, concurrency = 8 } = options;
  const rows: Record<string, unknown>[] = [];
  const flattener = new ParamsFlattener();
  const breather = new Breather(signal);
  const next = enumerate(stateKey in targets ? [targets as Built] : (targets as Iterable<Built>));
  const lane = async (): Promise<void> => {
    for (let item = next.next(); item.done !== true; item = next.next()) {
      const [index, target] = item.value;
      rows[index] = await rowOf(target, flattener, options);
      if (breather.isDue()) await breather.pause();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lane));
  return new Table(rows as unknown as Row<Built, Metrics>[], columnsOf(rows));
}

function* enumerate<Item>(items: Iterable<Item>): Generator<readonly [number, Item], void, undefined> {
  let index = 0;
  for (const item of items) yield [index++, item];
}

async function rowOf<Built extends AnyPersistable, Metrics extends object>(
  target: Built,
  flattener: ParamsFlattener,
  { metrics, signal }: CollectOptions<Built, Metrics>,
): Promise<Record<string, unknown>> {
  const state = (target as Built & { readonly [stateKey]: State })[stateKey];
  const row: Record<string, unknown> = Object.fromEntries(flattener.flatten(state.node));
  row["artifact.name"] = state.node.name;
  row["artifact.address"] = state.node.address;
  row["artifact.state"] = "missing";
  const found = await inspect(state, signal);
  if (found.state === "corrupt") {
    row["artifact.state"] = "corrupt";
    row["artifact.problem"] = `${found.file} ${found.problem}`;
  } else if (found.state === "whole") {
    row["artifact.state"] = "persisted";
    addRecord(row, found.record);
    if (metrics !== undefined) addPrefixed(row, "metrics", await measure(target, state, metrics, signal));
  }
  return row;
}

async function inspect(state: State, signal: AbortSignal | undefined): ReturnType<typeof inspectArtifact> {
  const { name, address, classes } = state.node;
  const { store } = state.surroundings;
  const found = await inspectArtifact(store, name, address, classes, signal);
  if (found.state !== "missing" || !state.hasAliases) return found;
  for (const variant of variantsOf(state)) {
    const earlier = await inspectArtifact(store, variant.name, variant.address, classes, signal);
    if (earlier.state === "whole") return earlier;
  }
  return found;
}

function addRecord(row: Record<string, unknown>, record: ArtifactRecord): void {
  const { createdAt, durationMs, host, git, cost } = record.provenance;
  const columns = {
    version: record.version,
    draw: record.draw ?? 0,
    createdAt: new Date(createdAt),
    durationMs,
    sizeBytes: record.payload.sizeBytes,
    format: record.payload.format,
    host,
    commit: git?.commit,
  };
  addPrefixed(row, "artifact", columns);
  addPrefixed(row, "cost", cost ?? {});
  addPrefixed(row, "summary", record.summary ?? {});
}

async function measure<Built extends AnyPersistable, Metrics extends object>(
  target: Built,
  state: State,
  metrics: NonNullable<CollectOptions<Built, Metrics>["metrics"]>,
  signal: AbortSignal | undefined,
): Promise<Metrics> {
  const wasHeld = state.held.kind !== "nothing";
  try {
    return await metrics((await loadPayload(state, { signal })) as Awaited<Built["payload"]>, target);
  } finally {
    if (!wasHeld) state.held = { kind: "nothing" };
  }
}

function addPrefixed(row: Record<string, unknown>, prefix: string, values: object): void {
  for (const [key, value] of Object.entries(values)) if (value !== undefined) row[`${prefix}.${key}`] = value;
}

const ORDER = ["artifact.", "cost.", "summary.", "metrics."];

/** Params first, then what is known of the artifacts; each where it first turned up. */
function columnsOf(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = new Set<string>();
  for (const row of rows) for (const column of Object.keys(row)) columns.add(column);
  const rank = (column: string): number => ORDER.findIndex((prefix) => column.startsWith(prefix));
  return [...columns].sort((one, other) => rank(one) - rank(other));
}
