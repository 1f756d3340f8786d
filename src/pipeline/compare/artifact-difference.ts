import { describeValue } from "../../artifact/explain/miss.ts";
import { visibleLine } from "../../errors/visible-text.ts";

/** One difference between two artifacts. */
export interface Difference {
  /** The path of the value: `zThreshold`, `points.n`, `points.version`, `host`, `packages.zod`. */
  readonly path: string;
  /** The value of the first artifact; absent if it has none. */
  readonly before?: unknown;
  /** The value of the second artifact; absent if it has none. */
  readonly after?: unknown;
}

/** All differences between two artifacts. */
export interface ArtifactDifference {
  /** Whether both have the same recipe, so that either payload may be used for the other. */
  readonly isSameRecipe: boolean;
  /**
   * Params that differ, in the whole tree. A dependency that only one of the two has is listed
   * under its role. A difference in a shared dependency is listed once.
   */
  readonly params: readonly Difference[];
  /** Names, versions and draws that differ, in the whole tree. */
  readonly versions: readonly Difference[];
  /** The difference in the version of the two artifacts themselves; also in `versions`. */
  readonly version?: Difference;
  /** The difference in the draw of the two artifacts themselves; also in `versions`. */
  readonly draw?: Difference;
  /** Differences in who generated them, when, where, with what, and how long it took. */
  readonly provenance: readonly Difference[];
  /** Differences in the summaries. */
  readonly summary: readonly Difference[];
  /** The difference in how the payloads are encoded. */
  readonly format?: Difference;
  /**
   * Whether the digests of the payloads are equal. `unknown` if one artifact does not exist, or if
   * their formats differ: the same payload has another digest in another format.
   */
  readonly payload: "same" | "different" | "unknown";
  /** A text for people, with one line per difference. */
  toString(): string;
}

/** Differences that can describe themselves to people. */
export class DescribedDifference implements ArtifactDifference {
  declare readonly isSameRecipe: boolean;
  declare readonly params: readonly Difference[];
  declare readonly versions: readonly Difference[];
  declare readonly version?: Difference;
  declare readonly draw?: Difference;
  declare readonly provenance: readonly Difference[];
  declare readonly summary: readonly Difference[];
  declare readonly format?: Difference;
  declare readonly payload: "same" | "different" | "unknown";

  constructor(difference: Omit<ArtifactDifference, "toString">) {
    Object.assign(this, difference);
  }

  toString(): string {
    const parts = [
      describeAll("params", this.params),
      describeAll("versions", this.versions),
      describeAll("summary", this.summary),
      `payload: ${this.payload}${this.format === undefined ? "" : `, in another format (${describeSides(this.format)})`}`,
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
  return [`${title}:`, ...differences.map((one) => visibleLine(`  ${one.path}: ${describeSides(one)}`))].join("\n");
}

function describeSides(difference: Difference): string {
  return `${describeSide(difference, "before")} → ${describeSide(difference, "after")}`;
}

function describeSide(difference: Difference, side: "before" | "after"): string {
  return side in difference ? describeValue(difference[side]) : "(none)";
}
