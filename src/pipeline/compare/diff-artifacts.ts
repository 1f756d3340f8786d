import { isDeepStrictEqual } from "node:util";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { tryState } from "../../persistable/declare/state-of.ts";
import { readRecord } from "../../persistable/load/explain.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { isPlainObject } from "../../util/fields-of.ts";
import { type ArtifactDifference, DescribedDifference, type Difference } from "./artifact-difference.ts";
import { dependencyUnder, partOf, partOfNode, partUnder, type RecordedPart } from "./recorded-part.ts";

/**
 * Compares two artifacts: how they were made, when and with what, and whether their payloads are
 * the same. It reads records and no payloads, and generates nothing. If a persistable has no
 * artifact, its recipe is compared all the same.
 *
 * @param before - a persistable, or a record
 * @param after - another persistable, or another record
 * @throws {@link DefinitionError} if one of them is neither a persistable nor a record;
 * {@link CorruptArtifactError} if an artifact is damaged; a StoreError if a store cannot be read
 *
 * @example
 * ```ts
 * import { diff } from "persistable-ts/pipeline";
 * import { outlierEstimator } from "./pipeline.ts";
 *
 * const difference = await diff(
 *   outlierEstimator({ zThreshold: 2, points: { n: 100 } }),
 *   outlierEstimator({ zThreshold: 3, points: { n: 100 } }),
 * );
 * difference.params;  // [{ path: "zThreshold", before: 2, after: 3 }]
 * difference.payload; // "different"
 * String(difference); // params: zThreshold: 2 → 3 …
 * ```
 */
export async function diff(
  before: AnyPersistable | ArtifactRecord,
  after: AnyPersistable | ArtifactRecord,
): Promise<ArtifactDifference> {
  const [one, other] = await Promise.all([sideOf(before, "first"), sideOf(after, "second")]);
  const { params, versions } = compareLineages(one.part, other.part);
  const [version, draw] = ["version", "draw"].map((path) => versions.find((difference) => difference.path === path));
  return new DescribedDifference({
    isSameRecipe: one.part.address === other.part.address,
    params,
    versions,
    ...(version === undefined ? {} : { version }),
    ...(draw === undefined ? {} : { draw }),
    ...compareRecords(one.record, other.record),
  });
}

interface Side {
  readonly part: RecordedPart;
  readonly record: ArtifactRecord | undefined;
}

async function sideOf(given: AnyPersistable | ArtifactRecord, which: string): Promise<Side> {
  const state = tryState(given);
  if (state !== undefined) return { part: partOfNode(state.recipe), record: await readRecord(state) };
  if (typeof given === "object" && given !== null && "provenance" in given)
    return { part: partOf(given), record: given };
  throw new DefinitionError(
    `The ${which} of the two to compare is neither a persistable of this copy of persistable-ts nor a record. Give what a definition has built, or what record() says of it.`,
  );
}

function compareRecords(
  one: ArtifactRecord | undefined,
  other: ArtifactRecord | undefined,
): Pick<ArtifactDifference, "provenance" | "summary" | "format" | "payload"> {
  if (one === undefined || other === undefined) return { provenance: [], summary: [], payload: "unknown" };
  const provenance = compareObjects(one.provenance, other.provenance, "");
  const summary = compareObjects(one.summary ?? {}, other.summary ?? {}, "");
  const [before, after] = [one.payload, other.payload];
  if (before.format !== after.format)
    return { provenance, summary, format: differenceOf("format", before.format, after.format), payload: "unknown" };
  return { provenance, summary, payload: before.digest === after.digest ? "same" : "different" };
}

function compareLineages(before: RecordedPart, after: RecordedPart): { params: Difference[]; versions: Difference[] } {
  const params: Difference[] = [];
  const versions: Difference[] = [];
  // A shared dependency is compared once, under the first path that leads to it.
  const seen = new Set<string>();
  const stack = before.address === after.address ? [] : [{ path: "", one: before, other: after }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, one, other } = next;
    for (const key of ["name", "version", "draw"] as const)
      if (one[key] !== other[key]) versions.push(differenceOf(`${path}${key}`, one[key], other[key]));
    params.push(...compareObjects(one.params, other.params, path));
    const inner: typeof stack = [];
    for (const role of new Set([...Object.keys(one.dependencies), ...Object.keys(other.dependencies)])) {
      const [mine, theirs] = [dependencyUnder(one, role), dependencyUnder(other, role)];
      if (mine?.address === theirs?.address || seen.has(`${mine?.address} ${theirs?.address}`)) continue;
      seen.add(`${mine?.address} ${theirs?.address}`);
      const [left, right] = [partUnder(one, role), partUnder(other, role)];
      if (left === undefined || right === undefined)
        params.push(differenceOf(`${path}${role}`, shortOf(mine), shortOf(theirs)));
      else inner.push({ path: `${path}${role}.`, one: left, other: right });
    }
    stack.push(...inner.reverse());
  }
  return { params, versions };
}

function shortOf(dependency: { readonly name: string; readonly address: string } | undefined): string | undefined {
  return dependency && `${dependency.name} ${describeAddress(dependency.address)}`;
}

/** Compares plain objects key by key, and any other value as a whole. */
function compareObjects(before: object, after: object, path: string): Difference[] {
  const [one, other] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((key) => {
    const [mine, theirs] = [one.get(key), other.get(key)];
    if (one.has(key) === other.has(key) && isEqual(mine, theirs)) return [];
    return isPlainObject(mine) && isPlainObject(theirs)
      ? compareObjects(mine, theirs, `${path}${key}.`)
      : [differenceOf(`${path}${key}`, mine, theirs)];
  });
}

/**
 * Whether two values are equal. Node 24 throws if two sets differ and one of them holds
 * `undefined`.
 */
export function isEqual(mine: unknown, theirs: unknown): boolean {
  try {
    return isDeepStrictEqual(mine, theirs);
  } catch {
    return false;
  }
}

function differenceOf(path: string, before: unknown, after: unknown): Difference {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
