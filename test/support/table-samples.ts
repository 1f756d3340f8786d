/** Columns of every type that a line of JSON can hold, and rows that lack some of them. */
export const visitColumns = {
  id: "int32",
  name: "string",
  at: "date",
  big: "uint64",
  ratio: "float64",
  ok: "boolean",
  raw: "bytes",
  more: "value",
} as const;
export const visits = [
  {
    id: 1,
    name: "Ada\n\u2028",
    at: new Date(0),
    big: 2n ** 64n - 1n,
    ratio: 0.1,
    ok: true,
    raw: Uint8Array.of(1, 255),
    more: [{ a: null }],
  },
  { id: null, name: "\ud800", at: null, ok: false, more: null },
  {},
  { name: "", raw: new Uint8Array(0), ratio: 1e300, more: 3 },
];

/** Columns of every type that a line of CSV can hold, and rows with cells that need quotes. */
export const peopleColumns = {
  id: "int32",
  name: "string",
  at: "date",
  big: "int64",
  ratio: "float64",
  ok: "boolean",
  raw: "bytes",
} as const;
export const people = [
  { id: 1, name: "Ada", at: new Date(0), big: 2n ** 63n - 1n, ratio: 0.1, ok: true, raw: Uint8Array.of(1, 255) },
  { id: -2, name: "", at: null, big: null, ratio: -0, ok: false, raw: new Uint8Array(0) },
  { id: null, name: null, at: new Date(-1), big: -1n, ratio: 1e300, ok: null, raw: null },
  {
    id: 0,
    name: '=SUM(A1), "x"\r\n;\t|\n\r',
    at: new Date(8.64e15),
    big: 0n,
    ratio: Number.NEGATIVE_INFINITY,
    ok: true,
    raw: null,
  },
];
