import { UnsupportedValueError } from "../errors/params-errors.ts";
import { fieldsOf, isPlainObject, setOwn } from "../util/fields-of.ts";
import type { AnyModel, ModelCall } from "./model.ts";
import type { ModelOptions } from "./model-options.ts";

/** The kind of a call: the answers of one cannot be made from those of another. */
export type CallKind = "answer" | "stream" | "embedding";

/**
 * These options are left out: headers and values that count are added separately, and the other
 * options do not change the answer.
 */
const NEVER_COUNTS: ReadonlySet<string> = new Set(["abortSignal", "headers", "includeRawChunks", "values"]);
/** A parameter of a call that has one of these names is renamed, since the key uses them itself. */
const OWN_NAMES: ReadonlySet<string> = new Set(["spec", "provider", "modelId", "scope", "headers"]);

/** A call with more text than this is recorded by digests of its long texts. */
const LONG_CALL = 200_000;
const LONG_TEXT = 1000;
/** A call that is nested more deeply is not changed here: computing its address refuses it. */
const MAX_DEPTH = 200;

/**
 * Returns the params of a call: all its options, apart from those that are known not to count. So
 * an option of a later specification counts from the beginning.
 *
 * @throws {@link UnsupportedValueError} for a value that a recipe cannot hold
 */
export function paramsOfCall(
  kind: CallKind,
  { specificationVersion, provider, modelId }: AnyModel,
  call: ModelCall,
  options: ModelOptions,
): Readonly<Record<string, unknown>> {
  const params: Record<string, unknown> = { spec: specificationVersion, provider, modelId };
  if (options.scope !== undefined) params.scope = options.scope;
  const headers = headersThatCount(call.headers, options.keyHeaders ?? []);
  if (headers !== undefined) params.headers = headers;
  const reader = new CallReader(options.keyUrl);
  const own: Record<string, unknown> = {};
  for (const key of Object.keys(call)) if (!NEVER_COUNTS.has(key)) setOwn(own, key, reader.read(call[key], 1));
  if (kind === "stream" && call.includeRawChunks === true) own.includeRawChunks = true;
  leaveOutOwnOptions(own);
  // Some releases of the SDK say how to choose a tool even if there are no tools.
  if (Array.isArray(own.tools) && own.tools.length === 0) delete own.tools;
  if (own.tools === undefined) delete own.toolChoice;
  for (const path of options.ignore ?? []) leaveOut(own, path.split("."));
  const isLong = reader.characters > LONG_CALL;
  for (const key of Object.keys(own)) {
    const value = own[key];
    if (value === undefined) continue;
    const name = OWN_NAMES.has(key) || key.startsWith("call.") ? `call.${key}` : key;
    setOwn(params, name, isLong ? withDigests(value) : value);
  }
  return params;
}

/** Copies a call without what is undefined: the SDK passes that for each option that is not set. */
class CallReader {
  readonly #keyUrl: ((url: URL) => string) | undefined;
  /** The length of all texts so far. */
  characters = 0;

  constructor(keyUrl: ((url: URL) => string) | undefined) {
    this.#keyUrl = keyUrl;
  }

  read(value: unknown, depth: number): unknown {
    if (typeof value === "string") this.characters += value.length;
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
    if (Array.isArray(value)) return value.map((item) => this.read(item, depth + 1));
    if (isPlainObject(value)) {
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(value)) {
        const inner: unknown = Reflect.get(value, key);
        if (inner !== undefined) setOwn(copy, key, this.read(inner, depth + 1));
      }
      return copy;
    }
    if (value instanceof URL && this.#keyUrl !== undefined) return new Map([["url", this.#keyUrl(value)]]);
    if (value instanceof Map)
      throw new UnsupportedValueError(
        "call",
        "a Map",
        "A model call consists of plain objects, lists, texts and bytes.",
      );
    return value;
  }
}

/**
 * Turns long texts into bytes, since a record holds the digest of bytes. A Map marks such a text,
 * since a call cannot contain a Map.
 */
function withDigests(value: unknown): unknown {
  if (typeof value === "string" && value.length >= LONG_TEXT && value.isWellFormed())
    return new Map([["text", new TextEncoder().encode(value)]]);
  if (Array.isArray(value)) return value.map(withDigests);
  if (typeof value !== "object" || value === null || !isPlainObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) setOwn(copy, key, withDigests(inner));
  return copy;
}

/**
 * Removes the options that are meant for this library, since a provider would refuse or send them.
 */
export function withoutOwnOptions(call: ModelCall): ModelCall {
  const { providerOptions } = call;
  if (providerOptions === undefined || !Object.hasOwn(providerOptions, "persistable")) return call;
  const { persistable: _, ...others } = providerOptions;
  return { ...call, providerOptions: others };
}

function leaveOutOwnOptions(own: Record<string, unknown>): void {
  const given = own.providerOptions;
  if (typeof given !== "object" || given === null) return;
  Reflect.deleteProperty(given, "persistable");
  if (Object.keys(given).length === 0) delete own.providerOptions;
}

/** Leaves out the value at a path, and the objects around it that are empty then. */
function leaveOut(own: Readonly<Record<string, unknown>>, [key = "", ...rest]: readonly string[]): void {
  const inner = own[key];
  const isInside = rest.length > 0 && typeof inner === "object" && inner !== null;
  if (isInside) leaveOut(fieldsOf(inner), rest);
  if (isInside ? Object.keys(inner).length === 0 : rest.length === 0) Reflect.deleteProperty(own, key);
}

function headersThatCount(headers: ModelCall["headers"], names: readonly string[]): object | undefined {
  if (headers === undefined || names.length === 0) return undefined;
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const counting = Object.entries(headers)
    .filter(([name, value]) => value !== undefined && wanted.has(name.toLowerCase()))
    .map(([name, value]) => [name.toLowerCase(), value]);
  return counting.length === 0 ? undefined : Object.fromEntries(counting);
}
