import { isDeepStrictEqual } from "node:util";
import { describeMiss } from "../artifact/miss.ts";
import { NotPersistedError } from "../errors/persistable-errors.ts";
import { explain } from "../persistable/explain.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { type State, stateKey } from "../persistable/state.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { partOf, partUnder, type RecordedPart } from "./recorded-part.ts";

/** One difference between two artifacts. */
export interface Difference {
  /** Where: `zThreshold`, `points.n`, `points.version`, `host`. */
  readonly path: string;
  /** What the first one has; absent where it has nothing there. */
  readonly before?: unknown;
  /** What the second one has; absent where it has nothing there. */
  readonly after?: unknown;
}

/** What differs between two artifacts. */
export interface ArtifactDifference {
  /** Whether the one could stand for the other: the same recipe. */
  readonly isSameRecipe: boolean;
  /** Params of the whole tree, and which persistables stand under which role. What follows from an upstream change is not named again. */
  readonly params: readonly Difference[];
  /** Versions and draws, of the whole tree. */
  readonly versions: readonly Difference[];
  /** Who, when, where, how long, with what. */
  readonly provenance: readonly Difference[];
  /** What was recorded of the payloads besides. */
  readonly summary: readonly Difference[];
  /** By their digests; `other-format` where formats differ, and digests say nothing. */
  readonly payload: "same" | "different" | "other-format";
  /** For people. */
  toString(): string;
}

/**
 * What differs between two artifacts: how they were made, when and with what, and whether the payloads are the same. Reads records, no payloads.
 *
 * @param before - a persistable whose artifact is there, or a record
 * @param after - the same
 * @throws {@link NotPersistedError} where a persistable has no artifact; a StoreError.
 *
 * @example
 * ```ts
 * const difference = await diff(estimator({ zThreshold: 2, points }), estimator({ zThreshold: 3, points }));
 * String(difference); // params: zThreshold: 2 → 3 …
 * ```
 */
export async function diff(
  before: AnyPersistable | ArtifactRecord,
  after: AnyPersistable | ArtifactRecord,
): Promise<ArtifactDifference> {
  const [one, other] = await Promise.all([recordOf(before), recordOf(after)]);
  const params: Difference[] = [];
  const versions: Difference[] = [];
  compareLineages(one, other, params, versions);
  return new MadeDifference(one, other, params, versions);
}

async function recordOf(given: AnyPersistable | ArtifactRecord): Promise<ArtifactRecord> {
  const state = (given as { readonly [stateKey]?: State })[stateKey];
  if (state === undefined) return given as ArtifactRecord;
  const explanation = await explain(state, undefined);
  if (explanation.state === "hit") return explanation.record;
  const { name, address } = state.node;
  throw new NotPersistedError(
    name,
    address,
    explanation.reason,
    describeMiss(explanation.reason),
    state.surroundings.store.url,
  );
}

function compareLineages(
  before: ArtifactRecord,
  after: ArtifactRecord,
  params: Difference[],
  versions: Difference[],
): void {
  const stack: { path: string; one: RecordedPart; other: RecordedPart; oneTree: unknown; otherTree: unknown }[] = [
    { path: "", one: partOf(before), other: partOf(after), oneTree: before.params, otherTree: after.params },
  ];
  // A shared dependency is compared once, under the first path that leads to it.
  const seen = new Set<string>();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, one, other, oneTree, otherTree } = next;
    if (one.name !== other.name) versions.push({ path: `${path}name`, before: one.name, after: other.name });
    if (one.version !== other.version) versions.push(differenceOf(`${path}version`, one.version, other.version));
    if (one.draw !== other.draw) versions.push({ path: `${path}draw`, before: one.draw, after: other.draw });
    params.push(...compareObjects(one.params, other.params, path));
    const inner: typeof stack = [];
    for (const role of new Set([...Object.keys(one.dependencies), ...Object.keys(other.dependencies)])) {
      const mine = one.dependencies[role];
      const theirs = other.dependencies[role];
      if (mine?.address === theirs?.address || seen.has(`${mine?.address} ${theirs?.address}`)) continue;
      seen.add(`${mine?.address} ${theirs?.address}`);
      const left = mine && partUnder(valueUnder(oneTree, role), mine);
      const right = theirs && partUnder(valueUnder(otherTree, role), theirs);
      if (left === undefined || right === undefined)
        params.push(differenceOf(`${path}${role}`, shortOf(mine), shortOf(theirs)));
      else
        inner.push({
          path: `${path}${role}.`,
          one: left.part,
          other: right.part,
          oneTree: left.tree,
          otherTree: right.tree,
        });
    }
    stack.push(...inner.reverse());
  }
}

function valueUnder(tree: unknown, role: string): unknown {
  return (tree as Readonly<Record<string, unknown>>)[role];
}

function shortOf(dependency: { readonly name: string; readonly address: string } | undefined): string | undefined {
  return dependency && `${dependency.name} ${dependency.address.slice(0, 8)}…`;
}

function compareObjects(before: object, after: object, path: string): Difference[] {
  const one = before as Readonly<Record<string, unknown>>;
  const other = after as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) =>
    isDeepStrictEqual(one[key], other[key]) && Object.hasOwn(one, key) === Object.hasOwn(other, key)
      ? []
      : [differenceOf(`${path}${key}`, one[key], other[key])],
  );
}

function differenceOf(path: string, before: unknown, after: unknown): Difference {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

class MadeDifference implements ArtifactDifference {
  readonly isSameRecipe: boolean;
  readonly params: readonly Difference[];
  readonly versions: readonly Difference[];
  readonly provenance: readonly Difference[];
  readonly summary: readonly Difference[];
  readonly payload: "same" | "different" | "other-format";

  constructor(
    before: ArtifactRecord,
    after: ArtifactRecord,
    params: readonly Difference[],
    versions: readonly Difference[],
  ) {
    this.isSameRecipe = before.address === after.address;
    this.params = params;
    this.versions = versions;
    this.provenance = compareObjects(before.provenance, after.provenance, "");
    this.summary = compareObjects(before.summary ?? {}, after.summary ?? {}, "");
    this.payload =
      before.payload.format !== after.payload.format
        ? "other-format"
        : before.payload.digest === after.payload.digest
          ? "same"
          : "different";
  }

  toString(): string {
    const parts = [
      describeAll("params", this.params),
      describeAll("versions", this.versions),
      describeAll("summary", this.summary),
      `payload: ${this.payload === "other-format" ? "in another format" : this.payload}`,
      describeAll("provenance", this.provenance),
    ];
    return parts.filter((part) => part !== "").join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function describeAll(title: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return "";
  const lines = differences.map(
    (one) => `  ${one.path}: ${describeSide(one, "before")} → ${describeSide(one, "after")}`,
  );
  return [`${title}:`, ...lines].join("\n");
}

const MAX_LENGTH = 80;

function describeSide(difference: Difference, side: "before" | "after"): string {
  if (!(side in difference)) return "(none)";
  const value = difference[side];
  const text =
    typeof value === "bigint" ? `${value}n` : Object.is(value, -0) ? "-0" : (tryJson(value) ?? String(value));
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function tryJson(value: unknown): string | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) return `${value.constructor.name}(…)`;
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
