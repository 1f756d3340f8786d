import type { CollectionDecision, CollectionTotal, KeepReason } from "../../housekeeping/collection-plan.ts";
import { describeDuration } from "../../util/describe.ts";
import { describeBytes } from "../../util/describe-bytes.ts";
import { tableLines } from "./table-lines.ts";

const WIDEST = 200;

/** Describes a total: `214 artifacts, 3 other files, 1.2 GB, about 41 min to generate again`. */
export function describeAmount(
  { artifacts, sizeBytes, durationMs }: CollectionTotal,
  decisions: readonly CollectionDecision[],
): string {
  const others = decisions.length - artifacts;
  const parts = [
    artifacts === 0 && others > 0 ? "" : counted(artifacts, "artifact"),
    others === 0 ? "" : counted(others, "leftover"),
    describeBytes(sizeBytes),
    durationMs < 1000 ? "" : `about ${describeDuration(durationMs, "estimate")} to generate again`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Returns a line for each decision, with its reason. */
export async function removalLines(decisions: readonly CollectionDecision[]): Promise<readonly string[]> {
  const rows = decisions.map((one) => [describeDecision(one), describeBytes(one.sizeBytes), one.reason.text]);
  return (await tableLines(["", "", ""], rows, WIDEST)).slice(1);
}

export function describeDecision(decision: CollectionDecision): string {
  if (decision.kind === "artifact") return `${decision.name} ${decision.address.slice(0, 8)}`;
  return decision.paths[0] ?? decision.kind;
}

/** Describes what stays: `12: 9 that others are made from, 3 tagged`. */
export function describeKept(kept: readonly CollectionDecision[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of kept) counts.set(reason.code, (counts.get(reason.code) ?? 0) + 1);
  const parts = Object.entries(WHY_KEPT).flatMap(([code, text]) => {
    const count = counts.get(code);
    return count === undefined ? [] : [`${count} ${text}`];
  });
  return `${kept.length}: ${parts.join(", ")}`;
}

const WHY_KEPT: Readonly<Record<KeepReason["code"], string>> = {
  upstream: "that others are made from",
  tagged: "tagged",
  pinned: "pinned",
  young: "not old enough",
  used: "used since",
  newest: "among the newest",
  fits: "that fit into the size",
  unreadable: "that cannot be read",
  "not-asked": "not asked for",
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
