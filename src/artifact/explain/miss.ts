import type { Address } from "../../address/address.ts";
import { formatPath } from "../../errors/value-path.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { describeSpan } from "../../util/describe-span.ts";
import { describeInput, describeInputChange } from "./describe-input.ts";
import { aroundDifference, type DifferingLeaf, leafOf } from "./differing-leaf.ts";
import { describeDifferences, type SourceDifference } from "./source-difference.ts";

/**
 * The reason why a caller has no artifact to load, as data. `describeMiss` puts it into words.
 *
 * - `never-generated`: no artifact of this name exists.
 * - `params-changed`: own params differ from those of the nearest artifact.
 * - `dependency-changed`: own params agree with the nearest artifact, but something upstream
 *   differs; the first change is its root.
 * - `version-changed`, `draw-changed`: only the author's version, or the draw, differs.
 * - `corrupt`: there is an artifact, and it is damaged.
 * - `expired`: there is an artifact, and it is older than `maxAge` allows, or from the future.
 * - `source-changed`: there is an artifact of other source code, and `onSourceChange` refuses it.
 * - `unreachable`: one of the stores of a layered store does not answer, and may have the artifact.
 */
export type MissReason =
  | {
      readonly kind: "never-generated";
      /**
       * An earlier name of the definition, under which an artifact of the same params exists. It is
       * loaded if the definition lists that name in `aliases`.
       */
      readonly formerName?: string;
    }
  | {
      readonly kind: "params-changed" | "dependency-changed" | "version-changed" | "draw-changed";
      readonly nearest: NearestArtifact;
      /**
       * Roots only: a change that merely follows from another one upstream is left out. At least
       * one.
       */
      readonly changes: readonly RecipeChange[];
    }
  | { readonly kind: "corrupt"; readonly file: string; readonly problem: string }
  | StaleReason
  | { readonly kind: "unreachable"; readonly problem: string };

/** The reason why an artifact that is there does not serve. */
export type StaleReason =
  | {
      readonly kind: "expired";
      /** ISO 8601 */
      readonly createdAt: string;
      /** Negative for an artifact from the future, by the clock of this machine. */
      readonly ageMs: number;
      /** The age that it may have; 0 where it is to be refreshed. */
      readonly maxAgeMs: number;
    }
  | {
      readonly kind: "source-changed";
      /** The fingerprints of the source that made the artifact, and of the one that would now. */
      readonly recorded: string;
      readonly current: string;
      /** Their differences; absent if the source that made the artifact was not kept. */
      readonly differences?: readonly SourceDifference[];
    };

/** The artifact of the same name whose recipe differs least. */
export interface NearestArtifact {
  readonly address: Address;
  /** ISO 8601 */
  readonly createdAt: string;
  readonly ageMs: number;
  /**
   * The number of records that were compared, if others were left out: a nearer artifact may exist
   * then.
   */
  readonly comparedRecords?: number;
  /** The number of records that exist, if some were left out and all of them were counted. */
  readonly totalRecords?: number;
}

/** One difference between the recipe that was asked for and that of the nearest artifact. */
export interface RecipeChange {
  readonly what: "param" | "version" | "draw" | "name" | "dependency";
  /**
   * The roles from the persistable down to the changed one; empty if its own recipe has changed.
   */
  readonly roles: readonly string[];
  /** The key of the parameter, or the role of the dependency. */
  readonly key: string;
  /** The value that was asked for; absent if the recipe has nothing under that key. */
  readonly value?: unknown;
  /** The value in the nearest artifact; absent if that has nothing under that key. */
  readonly nearestValue?: unknown;
}

/**
 * Puts a miss into words: `zThreshold: 2, nearest artifact has 3 (3f9a1c2e…, 2 days ago)`.
 *
 * @example
 * ```ts
 * import { describeMiss } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * const explanation = await estimator.explain();
 * if (explanation.state === "miss") console.log(describeMiss(explanation.reason));
 * ```
 */
export function describeMiss(reason: MissReason): string {
  // Keys, values and file names may hold control characters.
  return visibleLine(describeReason(reason));
}

function describeReason(reason: MissReason): string {
  if (reason.kind === "never-generated") return describeNeverGenerated(reason.formerName);
  if (reason.kind === "corrupt") return `damaged: ${reason.file} ${reason.problem}`;
  if (reason.kind === "expired") return describeExpired(reason.ageMs, reason.maxAgeMs);
  if (reason.kind === "source-changed")
    return `made by other source code than today's${describeDifferences(reason.differences)}`;
  if (reason.kind === "unreachable") return `it may exist in a store that does not answer: ${reason.problem}`;
  const { address, ageMs } = reason.nearest;
  const among = describeCompared(reason.nearest);
  const nearest = `(${describeAddress(address)}, ${describeAge(ageMs)}${among})`;
  const shown = reason.changes.slice(0, 5).map(describeChange);
  const more = reason.changes.length > shown.length ? `; and ${reason.changes.length - shown.length} more` : "";
  return `${shown.join("; ")}${more} ${nearest}`;
}

function describeExpired(ageMs: number, maxAgeMs: number): string {
  if (ageMs < 0) return `expired: made ${describeSpan(-ageMs)} in the future, by the clock of this machine`;
  if (maxAgeMs <= 0) return `to be refreshed: made ${describeAge(ageMs)}`;
  return `expired: made ${describeAge(ageMs)}, and maxAge is ${describeMaxAge(maxAgeMs)}`;
}

/** An age below a second would be 0 seconds. */
function describeMaxAge(ms: number): string {
  if (Number.isNaN(ms)) return "not a number";
  return ms < 1000 ? `${ms} ms` : describeSpan(ms);
}

function describeNeverGenerated(formerName: string | undefined): string {
  if (formerName === undefined) return "never generated";
  const name = JSON.stringify(formerName);
  return `never generated under this name, and the same params were as ${name}: aliases: [${name}] in the definition finds them`;
}

function describeCompared({ comparedRecords, totalRecords }: NearestArtifact): string {
  if (comparedRecords === undefined) return "";
  if (totalRecords === undefined) return `, the nearest of ${comparedRecords} that were compared`;
  return `, the nearest of ${comparedRecords} compared of ${totalRecords}`;
}

/** Puts one change into words: `points.n: 100, nearest artifact has 10`. */
export function describeChange(change: RecipeChange): string {
  const place = [
    ...change.roles,
    ...(change.what === "param" || change.what === "dependency" ? [change.key] : []),
  ].join(".");
  const label =
    change.what === "param"
      ? place
      : change.what === "dependency"
        ? `dependency ${place}`
        : [place, change.what].filter(Boolean).join(" ");
  const leaf = leafOf(change);
  return `${formatPath(label, leaf.path)}: ${describeLeaf(leaf)}`;
}

/** Puts the first place at which two values differ into words. */
export function describeLeaf(leaf: DifferingLeaf): string {
  const changed = describeInputChange(leaf.value, leaf.nearestValue);
  if (changed !== undefined) return `${changed}, since the nearest artifact`;
  const [mine, theirs] = describeBoth(leaf);
  const has = "nearestValue" in leaf ? `nearest artifact has ${theirs}` : "nearest artifact has none";
  return `${"value" in leaf ? mine : "none"}, ${has}`;
}

/** Long texts are shown where they differ: their beginnings may be equal. */
function describeBoth({ value, nearestValue }: Omit<DifferingLeaf, "path">): readonly [string, string] {
  if (typeof value !== "string" || typeof nearestValue !== "string")
    return [describeValue(value), describeValue(nearestValue)];
  const [mine, theirs] = aroundDifference(value, nearestValue);
  return [visibleLine(JSON.stringify(mine)), visibleLine(JSON.stringify(theirs))];
}

const MAX_VALUE_LENGTH = 60;

/** A value as a message shows it: on one line, and cut where it is long. */
export function describeValue(value: unknown): string {
  const text = visibleLine(describeWhole(value));
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}

function describeWhole(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === undefined) return "undefined";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid date" : value.toISOString();
  if (value instanceof Map) return `Map(${value.size})`;
  if (value instanceof Set) return `Set(${value.size})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  if (value instanceof RegExp || value instanceof URL) return String(value);
  const input = describeInput(value);
  if (input !== undefined) return input;
  try {
    return JSON.stringify(value, (_key, inner: unknown) => describeInput(inner) ?? inner) ?? typeof value;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Puts an age in milliseconds into words: `2 days ago`, `just now`. */
export function describeAge(ageMs: number): string {
  return ageMs >= 1000 ? `${describeSpan(ageMs)} ago` : "just now";
}
