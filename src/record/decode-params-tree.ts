import type { Address } from "../address/address.ts";
import { parseAddress } from "../address/address-of.ts";
import { decodeTagged } from "../canonical/decode-tagged.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import { TaggedJsonError } from "../errors/params-errors.ts";
import { Untracked } from "../params/untracked.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { setOwn } from "../util/fields-of.ts";
import { CutLineage } from "./cut-lineage.ts";
import type { RecordDependency } from "./record.ts";
import { RecordProblemError } from "./record-problem-error.ts";

/** A params tree in memory. `trackedParams` are those of the params that are part of the recipe. */
export interface DecodedParamsTree {
  readonly params: Readonly<Record<string, unknown>>;
  readonly trackedParams: Readonly<Record<string, unknown>>;
  readonly implicitParams: readonly string[];
  readonly untrackedParams: readonly string[];
  readonly dependencies: Readonly<Record<string, RecordDependency>>;
}

/**
 * The inverse of `encodeParamsTree`. Repeated subtrees become one shared object, so that a diamond
 * stays small in memory.
 *
 * @throws {@link RecordProblemError} or another error about the bytes; the caller adds the name of
 * the file
 */
export function decodeParamsTree(
  params: JsonObject,
  dependencies: JsonObject,
  classes: readonly ClassCodec[],
): DecodedParamsTree {
  return decodeNode(params, dependencies, { classes, known: new Map() });
}

/**
 * Values that were handed to the hooks of one generation; those that could not be recorded are
 * absent, and so are those that only a newer release knows.
 */
export function decodeUntracked(json: JsonObject, classes: readonly ClassCodec[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const tagged = singleTag(value);
    if (tagged?.tag !== "$untracked") continue;
    try {
      setOwn(values, key, decodeTagged(tagged.inner, { classes, root: `untracked.${key}` }));
    } catch (error) {
      if (!(error instanceof TaggedJsonError && error.unknownTag !== undefined)) throw error;
    }
  }
  return values;
}

interface Context {
  readonly classes: readonly ClassCodec[];
  readonly known: Map<
    Address,
    { readonly params: unknown; readonly dependencies: Readonly<Record<string, RecordDependency>> }
  >;
}

function decodeNode(params: JsonObject, heads: JsonObject, context: Context): DecodedParamsTree {
  const tree: Record<string, unknown> = {};
  const tracked: Record<string, unknown> = {};
  const implicitParams: string[] = [];
  const untrackedParams: string[] = [];
  const dependencies: Record<string, RecordDependency> = {};
  for (const [escaped, json] of Object.entries(params)) {
    if (Object.hasOwn(heads, escaped)) continue;
    const key = escaped.startsWith("$$") ? escaped.slice(1) : escaped;
    const tagged = singleTag(json);
    const tag = tagged?.tag;
    if (tag === "$unrecorded") {
      untrackedParams.push(key);
      continue;
    }
    const inner = tagged !== undefined && (tag === "$untracked" || tag === "$implicit") ? tagged.inner : json;
    const value = decodeTagged(inner, { classes: context.classes, root: `params.${key}` });
    if (tag === "$untracked") untrackedParams.push(key);
    else if (tag === "$implicit") implicitParams.push(key);
    else setOwn(tracked, key, value);
    setOwn(tree, key, tag === "$untracked" ? new Untracked(value) : value);
  }
  for (const [role, head] of Object.entries(heads)) {
    const { subtree, dependency } = decodeDependency(role, head, params[role], context);
    setOwn(tree, role, subtree);
    setOwn(dependencies, role, dependency);
  }
  return { params: tree, trackedParams: tracked, implicitParams, untrackedParams, dependencies };
}

function decodeDependency(
  role: string,
  head: JsonValue,
  subtree: JsonValue | undefined,
  context: Context,
): { subtree: unknown; dependency: RecordDependency } {
  if (!isJsonObject(head) || typeof head.name !== "string" || typeof head.address !== "string") {
    throw new RecordProblemError(`does not say who stands under the role "${role}"`);
  }
  const address = parseAddress(head.address);
  const base = {
    name: head.name,
    address,
    ...(typeof head.version === "string" || typeof head.version === "number" ? { version: head.version } : {}),
    ...(typeof head.draw === "number" ? { draw: head.draw } : {}),
  };
  const tag = singleTag(subtree)?.tag;
  if (tag === "$cut") return { subtree: new CutLineage(address), dependency: base };
  if (tag === "$ref") {
    const known = context.known.get(address);
    if (known === undefined)
      throw new RecordProblemError(`refers under "${role}" to a params tree that it does not hold`);
    return { subtree: known.params, dependency: { ...base, dependencies: known.dependencies } };
  }
  if (!isJsonObject(subtree)) throw new RecordProblemError(`has no params tree under the role "${role}"`);
  const heads = isJsonObject(head.dependencies) ? head.dependencies : {};
  const tree = decodeNode(subtree, heads, context);
  context.known.set(address, { params: tree.params, dependencies: tree.dependencies });
  return { subtree: tree.params, dependency: { ...base, dependencies: tree.dependencies } };
}

function singleTag(json: JsonValue | undefined): { readonly tag: string; readonly inner: JsonValue } | undefined {
  if (!isJsonObject(json)) return undefined;
  const [entry, another] = Object.entries(json);
  if (entry === undefined || another !== undefined) return undefined;
  const [tag, inner] = entry;
  return tag.startsWith("$") && !tag.startsWith("$$") ? { tag, inner } : undefined;
}
