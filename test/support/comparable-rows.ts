/**
 * Rows as lists that tell apart whatever a table tells apart, and are equal whatever the order of
 * keys: equality of vitest looks at a key named `constructor`, and that of Node takes no two
 * invalid dates for equal.
 */
export function comparableRows(rows: Iterable<object>): unknown[] {
  return Array.from(rows, (row) => [
    Object.getPrototypeOf(row) === Object.prototype,
    Object.entries(row)
      .map(([key, value]: [string, unknown]) => [key, comparableCell(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

function comparableCell(value: unknown): unknown {
  return value instanceof Date ? ["a date", value.getTime()] : value;
}
