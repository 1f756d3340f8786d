import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { inspectArtifact } from "../artifact/read/inspect-artifact.ts";
import { isHealed } from "../artifact/read/is-healed.ts";
import { openSource } from "../artifact/read/open-stored-payload.ts";
import { settleDamage } from "../artifact/read/settle-damage.ts";
import { ArtifactInFlightError } from "../errors/artifact-errors.ts";
import { formatFailure } from "../errors/user-code-errors.ts";
import type { SelectColumns, TableSelection } from "../format/format.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { certainStore } from "../store/certain-store.ts";
import { ColumnTable } from "../table/column-table.ts";
import { tableFromRows } from "../table/table-from-rows.ts";
import { DIGEST_CHUNK_BYTES } from "../util/digest/digest.ts";
import type { State } from "./declare/state.ts";
import { stateOf } from "./declare/state-of.ts";
import { loadOrGenerate } from "./load-or-generate.ts";
import type { AnyPersistable } from "./persistable.ts";

/** A persistable whose payload is a table, or an array of records. */
export interface TablePersistable<Row extends object> extends AnyPersistable {
  readonly payload: Promise<ColumnTable<Row> | readonly Row[]>;
}

/** The columns and rows that {@link readTable} is to read; see `TableSelection`. */
export interface ReadTableOptions<Name extends string> extends Omit<TableSelection, "columns"> {
  /** All columns by default, in the order of the table; otherwise in the order given here. */
  readonly columns?: readonly Name[] | undefined;
  /** Ends the call: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads some columns and rows of a payload that is a table. If its format can be read in parts
 * (`parquet`, `arrow`, `table`), the rest is not read; every byte that is read is verified. A
 * payload that does not exist yet is generated first.
 *
 * @throws {@link InvalidColumnTableError} for a column that the table does not have; otherwise as
 * `loadOrGenerate`
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { parquet } from "persistable-ts/formats/parquet";
 * import { readTable } from "persistable-ts/table";
 *
 * const features = definePersistable({
 *   name: "features",
 *   format: parquet({ rows: true }),
 *   generate: () => Array.from({ length: 1000 }, (_, id) => ({ id, score: Math.sqrt(id) })),
 * });
 * const table = await readTable(features(), { columns: ["score"], rows: { start: 0, end: 100 } });
 * table.column("score").values; // Float64Array
 * ```
 */
export async function readTable<Row extends object, Name extends keyof Row & string = keyof Row & string>(
  persistable: TablePersistable<Row>,
  options: ReadTableOptions<Name> = {},
): Promise<ColumnTable<Pick<Row, Name>>> {
  const state = stateOf(persistable, "What readTable was given");
  const { signal, ...selection } = options;
  const part = (await readPart(state, selection, signal)) ?? (await generateThenRead(state, selection, signal));
  return part as unknown as ColumnTable<Pick<Row, Name>>;
}

async function generateThenRead(
  state: State,
  selection: TableSelection,
  signal: AbortSignal | undefined,
): Promise<ColumnTable> {
  const payload = await loadOrGenerate(state, { signal });
  // The stored table is preferred, if it can be read in parts: its columns have the types that the
  // format was told, which the generated payload may not have.
  const part = await readPart(state, selection, signal);
  if (part !== undefined) return part;
  const table: ColumnTable =
    payload instanceof ColumnTable ? payload : tableFromRows(payload as readonly Record<string, unknown>[]);
  const { columns, rows } = selection;
  const narrow = columns === undefined ? table : table.select(columns);
  return rows === undefined ? narrow : narrow.slice(Math.max(0, rows.start), Math.max(0, rows.end));
}

/**
 * If an artifact is replaced while it is read, it is read again, since the caller has not got any
 * of it yet. After this many attempts, the caller gets the error.
 */
const MAX_LOOKS = 8;

async function readPart(
  state: State,
  selection: TableSelection,
  signal: AbortSignal | undefined,
): Promise<ColumnTable | undefined> {
  for (let look = 1; ; look++) {
    try {
      return await tryPart(state, selection, signal);
    } catch (error) {
      if (!(error instanceof ArtifactInFlightError) || look === MAX_LOOKS) throw error;
    }
  }
}

/**
 * Returns `undefined` if no part can be read: nothing is persisted, or its format cannot be read in
 * parts.
 */
async function tryPart(
  state: State,
  selection: TableSelection,
  signal: AbortSignal | undefined,
): Promise<ColumnTable | undefined> {
  const { store } = state.surroundings;
  const { name, address, classes } = state.recipe;
  // The record is read before the artifact is inspected. If the artifact is replaced in between,
  // these bytes differ from the record in the store, and damage found in it sets nothing aside.
  const recordBytes = await readRecordBytes(store, recordPath(name, address), { signal });
  if (recordBytes === undefined) return undefined;
  const inspected = await inspectArtifact(store, name, address, classes, signal);
  if (inspected.state !== "present") return undefined;
  const selectColumns = selectorOf(state, inspected.record);
  const { payload } = inspected.record;
  const { file } = payload;
  if (selectColumns === undefined || file === undefined) return undefined;
  const source = openSource({
    store,
    name,
    address,
    payload: { ...payload, file },
    heal: () => isHealed(certainStore(store), recordPath(name, address), { recordBytes }),
    onDamage: (damage) => settleDamage({ store, name, address, recordBytes }, damage),
  });
  source.handOut();
  try {
    return await selectColumns(source, selection, state.limits);
  } catch (error) {
    throw formatFailure(payload.format, "selectColumns", error);
  }
}

function selectorOf(state: State, { payload }: ArtifactRecord): SelectColumns | undefined {
  const isVerifiable = payload.sizeBytes <= DIGEST_CHUNK_BYTES || payload.chunks !== undefined;
  return isVerifiable ? state.formats.find(({ id }) => id === payload.format)?.selectColumns : undefined;
}
