import { loadArrow } from "../../util/peers/peers.ts";

/** A column with one value for each row. */
export interface ArrowColumn {
  readonly name: string;
  readonly values: readonly unknown[];
}

/**
 * Encodes columns as the bytes of an Arrow IPC stream.
 *
 * @param textOf - turns the values of columns that have no Arrow type of their own into text
 * @throws {@link MissingPeerError} if apache-arrow is not installed
 */
export async function encodeArrow(
  columns: readonly ArrowColumn[],
  textOf: (value: unknown) => string,
): Promise<Uint8Array> {
  const arrow = await loadArrow();
  const vectors = columns.map(({ name, values }) => {
    const present = values.filter((value) => value !== undefined && value !== null);
    const are = (is: (value: unknown) => boolean): boolean => present.length > 0 && present.every(is);
    const orNull = values.map((value) => value ?? null);
    if (are((value) => typeof value === "number")) return [name, arrow.vectorFromArray(orNull, new arrow.Float64())];
    if (are((value) => typeof value === "boolean")) return [name, arrow.vectorFromArray(orNull, new arrow.Bool())];
    if (are((value) => typeof value === "bigint" && BigInt.asIntN(64, value) === value))
      return [name, arrow.vectorFromArray(orNull, new arrow.Int64())];
    if (are((value) => value instanceof Date && !Number.isNaN(value.getTime())))
      return [name, arrow.vectorFromArray(orNull, new arrow.TimestampMillisecond("UTC"))];
    const texts = orNull.map((value) => (value === null ? null : textOf(value)));
    return [name, arrow.vectorFromArray(texts, new arrow.Utf8())];
  });
  return arrow.tableToIPC(new arrow.Table(Object.fromEntries(vectors)), "stream");
}
