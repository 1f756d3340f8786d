import type { DescribedError } from "../errors/described-error.ts";
import { ObjectTooLargeError } from "../errors/store-errors.ts";
import { visibleText } from "../errors/visible-text.ts";
import type { ReadableStore, StorePath } from "../store/store.ts";
import { isFields, isText, type JsonFields } from "../util/json/checks.ts";
import { plainLines } from "../util/plain-lines.ts";

const MAX_NOTE_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 200;

/**
 * Reads the fields of a note of a failure or of a run, with nothing in their text that would move a
 * cursor. Any process that can write to the store can forge a note, and its readers rely on the
 * types, so they check every field.
 *
 * @returns `undefined` for a note that is absent or damaged
 *
 * @throws a StoreError if the store cannot be read
 */
export async function readNote(store: ReadableStore, path: StorePath): Promise<JsonFields | undefined> {
  const bytes = await readBounded(store, path);
  return bytes && parseNote(bytes);
}

/** Returns `undefined` for bytes that are not the JSON of an object, or are nested too deeply. */
export function parseNote(bytes: Uint8Array): JsonFields | undefined {
  try {
    const note = visible(JSON.parse(Buffer.from(plainLines(bytes)).toString()), 0);
    return isFields(note) ? note : undefined;
  } catch {
    // A power cut has torn it, or it never was JSON.
    return undefined;
  }
}

async function readBounded(store: ReadableStore, path: StorePath): Promise<Uint8Array | undefined> {
  try {
    return await store.read(path, { maxBytes: MAX_NOTE_BYTES });
  } catch (error) {
    if (error instanceof ObjectTooLargeError) return undefined;
    throw error;
  }
}

function visible(value: unknown, depth: number): unknown {
  if (typeof value === "string") return visibleText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new RangeError("nested too deeply");
  if (Array.isArray(value)) return value.map((item) => visible(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visibleText(key), visible(inner, depth + 1)]));
}

/** Returns `undefined` if the value does not have the form of a described error. */
export function describedErrorOf(value: unknown): DescribedError | undefined {
  if (!isFields(value)) return undefined;
  const { name, message, code, stack, cause, errors, fields } = value;
  if (!isText(name) || !isText(message)) return undefined;
  const describedCause = describedErrorOf(cause);
  const described: unknown = {
    name,
    message,
    ...(isText(code) ? { code } : {}),
    ...(isText(stack) ? { stack } : {}),
    ...(describedCause === undefined ? {} : { cause: describedCause }),
    ...(Array.isArray(errors) ? { errors: errors.flatMap((error) => describedErrorOf(error) ?? []) } : {}),
    ...(isFields(fields) ? { fields } : {}),
  };
  return described as DescribedError;
}
