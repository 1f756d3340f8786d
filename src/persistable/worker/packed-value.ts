import { formatPath } from "../../errors/value-path.ts";
import { UnshareableError } from "../../errors/worker-errors.ts";
import { Secret } from "../../params/secret.ts";
import { Untracked } from "../../params/untracked.ts";
import { type ClassCodec, decodeInstance, encodeInstance, findCodec } from "../../util/class-codec.ts";
import { isPlainObject } from "../../util/fields-of.ts";

/**
 * A value as it goes to another thread. Values that structured clone would drop or change (secrets,
 * buffers, URLs, instances) have a tag, and so have all other objects.
 */
export type PackedValue = unknown;

type Tagged =
  | readonly ["object", readonly (readonly [string, PackedValue])[]]
  | readonly ["array" | "set", readonly PackedValue[]]
  | readonly ["map", readonly (readonly [PackedValue, PackedValue])[]]
  | readonly ["secret" | "untracked", PackedValue]
  | readonly ["url", string]
  | readonly ["buffer", Uint8Array]
  | readonly ["instance", string, PackedValue]
  | readonly ["same", object];

const MAX_DEPTH = 1000;

/**
 * Packs params, or the untracked values of a call, for another thread.
 *
 * @throws {@link UnshareableError} if there is a function, or an instance of a class without a
 * codec
 */
export function packValue(value: unknown, classes: readonly ClassCodec[], path: readonly string[]): PackedValue {
  if (typeof value === "function" || typeof value === "symbol") return refuse(path, `a ${typeof value}`);
  if (typeof value !== "object" || value === null) return value;
  if (path.length > MAX_DEPTH) return refuse(path.slice(0, 3), "nested without an end, or nearly so");
  return packObject(value, classes, path);
}

function packObject(value: object, classes: readonly ClassCodec[], path: readonly string[]): Tagged {
  const pack = (item: unknown, key: string): PackedValue => packValue(item, classes, [...path, key]);
  if (value instanceof Secret) return ["secret", packValue(value.reveal(), classes, path)];
  if (value instanceof Untracked) return ["untracked", packValue(value.value, classes, path)];
  if (Array.isArray(value)) return ["array", value.map((item, i) => pack(item, String(i)))];
  if (Buffer.isBuffer(value)) return ["buffer", new Uint8Array(value)];
  const codec = findCodec(classes, value);
  if (codec !== undefined)
    return [
      "instance",
      codec.name,
      packValue(
        encodeInstance(codec, value, () => placeOf(path)),
        classes,
        path,
      ),
    ];
  if (value instanceof URL) return ["url", value.href];
  if (value instanceof Map)
    return ["map", [...value].map(([key, item], i) => [pack(key, String(i)), pack(item, String(i))] as const)];
  if (value instanceof Set) return ["set", [...value].map((item, i) => pack(item, String(i)))];
  if (isPlainObject(value))
    return ["object", Object.entries(value).map(([key, item]) => [key, pack(item, key)] as const)];
  if (value instanceof Date || value instanceof RegExp || value instanceof ArrayBuffer || ArrayBuffer.isView(value))
    return ["same", value];
  return refuse(path, `a ${value.constructor?.name ?? "class instance"}`);
}

/** Unpacks values with their names: params, or the untracked values of a call. */
export function unpackFields(packed: PackedValue, classes: readonly ClassCodec[]): Readonly<Record<string, unknown>> {
  return { ...Object(unpackValue(packed, classes)) };
}

/** Unpacks a value on the other thread. */
export function unpackValue(packed: PackedValue, classes: readonly ClassCodec[]): unknown {
  if (!Array.isArray(packed)) return packed;
  const unpack = (item: PackedValue): unknown => unpackValue(item, classes);
  const tagged = packed as unknown as Tagged;
  switch (tagged[0]) {
    case "object":
      return Object.fromEntries(tagged[1].map(([key, item]) => [key, unpack(item)]));
    case "array":
      return tagged[1].map(unpack);
    case "set":
      return new Set(tagged[1].map(unpack));
    case "map":
      return new Map(tagged[1].map(([key, item]) => [unpack(key), unpack(item)]));
    case "secret":
      return new Secret(unpack(tagged[1]));
    case "untracked":
      return new Untracked(unpack(tagged[1]));
    case "url":
      return new URL(tagged[1]);
    case "buffer":
      return Buffer.from(tagged[1].buffer, tagged[1].byteOffset, tagged[1].byteLength);
    case "instance":
      return unpackInstance(tagged[1], unpack(tagged[2]), classes);
    case "same":
      return tagged[1];
  }
}

function unpackInstance(name: string, encoded: unknown, classes: readonly ClassCodec[]): unknown {
  const codec = classes.find((candidate) => candidate.name === name);
  return codec === undefined ? undefined : decodeInstance(codec, encoded);
}

function placeOf([root = "", ...keys]: readonly string[]): string {
  return formatPath(root, keys);
}

/**
 * Packs the secrets that are noted for an error. One that cannot go to another thread is left out.
 */
export function packSecrets(secrets: readonly Secret<unknown>[]): PackedValue[] {
  return secrets.flatMap((secret) => {
    try {
      return [packValue(secret, [], ["secret"])];
    } catch {
      return [];
    }
  });
}

/** Unpacks secrets on the other thread. */
export function unpackSecrets(packed: readonly PackedValue[]): Secret<unknown>[] {
  return packed.map((one) => unpackValue(one, [])).filter((one) => one instanceof Secret);
}

function refuse(path: readonly string[], what: string): never {
  throw new UnshareableError(
    `${placeOf(path)} is ${what}, which cannot go to a worker thread. Give plain values, or leave out worker.`,
  );
}
