import { encodeTagged } from "../../canonical/tagged-json.ts";
import type { Json } from "../shapes/common.ts";

/**
 * Encodes a value of a record, with tags for what JSON lacks. An instance of a class of the user
 * cannot be tagged without its codec, so that a text says what it is.
 */
export function toJson(value: unknown): Json {
  if (value === undefined) return null;
  try {
    return encodeTagged(value);
  } catch {
    return String(value);
  }
}

/** Encodes each field of an object; fields that are undefined are left out. */
export function fieldsToJson(fields: object): { readonly [key: string]: Json } {
  const defined = Object.entries(fields).filter(([, value]: [string, unknown]) => value !== undefined);
  return Object.fromEntries(defined.map(([key, value]: [string, unknown]) => [key, toJson(value)]));
}
