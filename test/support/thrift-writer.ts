const TYPES = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** A value of a field of Thrift's compact protocol, as far as Parquet's descriptions need them. */
export type ThriftValue =
  | boolean
  | number
  | bigint
  | string
  | readonly number[]
  | readonly string[]
  | readonly ThriftStruct[]
  | ThriftStruct;

/**
 * Fields by their numbers, in ascending order; numbers are 32-bit, bigints 64-bit. What is
 * undefined is left out.
 */
export interface ThriftStruct {
  readonly [field: number]: ThriftValue | undefined;
}

/** The bytes of a struct. */
export function thriftBytes(struct: ThriftStruct): number[] {
  const bytes: number[] = [];
  let last = 0;
  for (const key of Object.keys(struct).map(Number)) {
    const value = struct[key];
    if (value === undefined) continue;
    bytes.push(((key - last) << 4) | typeOf(value), ...(typeof value === "boolean" ? [] : valueBytes(value)));
    last = key;
  }
  return [...bytes, 0];
}

function typeOf(value: ThriftValue): number {
  if (typeof value === "boolean") return value ? TYPES.true : TYPES.false;
  if (typeof value === "number") return TYPES.i32;
  if (typeof value === "bigint") return TYPES.i64;
  if (typeof value === "string") return TYPES.binary;
  return Array.isArray(value) ? TYPES.list : TYPES.struct;
}

function valueBytes(value: Exclude<ThriftValue, boolean>): number[] {
  if (typeof value === "number" || typeof value === "bigint") return varint(zigzag(BigInt(value)));
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    return [...varint(BigInt(text.length)), ...text];
  }
  if (!Array.isArray(value)) return thriftBytes(value as ThriftStruct);
  const items = value as readonly Exclude<ThriftValue, boolean>[];
  const type = items.length === 0 ? TYPES.i32 : typeOf(items[0] as ThriftValue);
  const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(BigInt(items.length))];
  return [...head, ...items.flatMap((item) => valueBytes(item))];
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
