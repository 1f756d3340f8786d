import { describeValue } from "../../artifact/explain/miss.ts";
import { visibleLine } from "../../errors/visible-text.ts";

/** One difference between two artifacts. */
export interface Difference {
  /** Where: `zThreshold`, `points.n`, `points.version`, `host`, `packages.zod`. */
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
  /** Versions, draws and names, of the whole tree. */
  readonly versions: readonly Difference[];
  /** Of the two themselves: the author's version. */
  readonly version?: Difference;
  /** Of the two themselves: which of several payloads of the same params. */
  readonly draw?: Difference;
  /** Who, when, where, how long, with what. */
  readonly provenance: readonly Difference[];
  /** What was recorded of the payloads besides. */
  readonly summary: readonly Difference[];
  /** How the payloads are encoded. */
  readonly format?: Difference;
  /** By their digests; `unknown` where there is no artifact, and where formats differ, since digests then say nothing. */
  readonly payload: "same" | "different" | "unknown";
  /** For people. */
  toString(): string;
}

/** The same, put into words. */
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
