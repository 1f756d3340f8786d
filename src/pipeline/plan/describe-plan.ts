import { leafOf } from "../../artifact/explain/differing-leaf.ts";
import { describeLeaf, describeMiss, describeValue } from "../../artifact/explain/miss.ts";
import { formatPath, type ValuePath } from "../../errors/value-path.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { describeCost, describeDuration } from "../../util/describe.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { escapeHtml, htmlTable, type NotebookDisplay } from "../../util/notebook/notebook-display.ts";
import type { Expectation } from "./estimate.ts";
import type { CauseValue, MissCause } from "./miss-causes.ts";
import type { PlanCounts, PlanNode } from "./planned-node.ts";

/** The parts of a plan that its description reads. */
export interface DescribedPlan {
  readonly counts: PlanCounts;
  readonly causes: readonly MissCause[];
  readonly expected: Expectation;
  readonly nodes: readonly PlanNode[];
}

const SHOWN_CAUSES = 10;
const SHOWN_MISSES = 10;
const SHOWN_VALUES = 5;

/** A plan in words. */
export function describePlan(plan: DescribedPlan): string {
  // Names, keys and units of cost may contain control characters, which are made visible.
  return linesOf(plan).map(visibleLine).join("\n");
}

/** A plan as a notebook shows it. */
export function displayPlan(plan: DescribedPlan): NotebookDisplay {
  const misses = missesOf(plan, SHOWN_MISSES);
  return {
    "text/plain": describePlan(plan),
    "text/html": [
      ...headOf(plan).map((line) => `<p>${escapeHtml(line)}</p>`),
      misses.length === 0 ? "" : htmlTable(["name", "address", "why"], misses),
      ...restOf(plan, misses).map((line) => `<p>${escapeHtml(line)}</p>`),
    ].join(""),
  };
}

function linesOf(plan: DescribedPlan): string[] {
  const [counts = "", expected = "", ...causes] = headOf(plan);
  if (expected === "") return [counts];
  const misses = missesOf(plan, SHOWN_MISSES).map(([name, address, why]) => `  ${name} ${address}  ${why}`);
  const rest = restOf(plan, misses).map((line) => `  ${line}`);
  return [counts, expected, "", ...causes, ...(misses.length === 0 ? [] : ["", ...misses, ...rest])];
}

/** The counts; if something is to be generated, also the estimate and the causes. */
function headOf({ counts, causes, expected }: DescribedPlan): string[] {
  const head = [describeCounts(counts)];
  if (counts.miss + counts.blocked === 0) return head;
  return [...head, describeExpectation(expected), ...shorten(causes.map(describeCause), SHOWN_CAUSES, "cause")];
}

/** Misses that the causes have not mentioned, each with its reason. */
function missesOf({ nodes }: DescribedPlan, limit: number): [name: string, address: string, why: string][] {
  const misses: [string, string, string][] = [];
  for (const node of nodes) {
    if (misses.length === limit) break;
    if (!node.isNeeded || node.state === "hit" || node.reason?.kind === "never-generated") continue;
    misses.push([node.name, describeAddress(node.address), describeNode(node)]);
  }
  return misses;
}

function restOf({ counts }: DescribedPlan, shown: readonly unknown[]): string[] {
  const left = counts.miss + counts.blocked - shown.length;
  return shown.length === 0 || left === 0 ? [] : [`… and ${count(left, "more miss", "more misses")}`];
}

function describeCounts({ hit, miss, blocked, notNeeded }: PlanCounts): string {
  const total = count(hit + miss + blocked, "artifact is", "artifacts are");
  const rest = notNeeded === 0 ? "" : `; ${notNeeded} further upstream ${notNeeded === 1 ? "is" : "are"} not needed`;
  if (miss + blocked === 0) return `${total} needed, all there${rest}`;
  const waiting = blocked === 0 ? "" : `, ${blocked} of them after others`;
  return `${total} needed: ${hit} there, ${miss + blocked} to generate${waiting}${rest}`;
}

function describeExpectation({ durationMs, criticalPathMs, cost, unknown }: Expectation): string {
  const parts: string[] = [];
  if (durationMs !== undefined && criticalPathMs !== undefined)
    parts.push(
      `${describeDuration(durationMs, "estimate")} of generating, at least ${describeDuration(criticalPathMs, "estimate")} of it in a row`,
    );
  const spent = describeCost(Object.entries(cost));
  if (spent !== "") parts.push(spent);
  const blanks = unknown.length === 0 ? "" : `nothing is known of ${shorten(unknown, SHOWN_VALUES, "name").join(", ")}`;
  return `Expected: ${[parts.join(", "), blanks].filter(Boolean).join("; ")}`;
}

/** `3 misses follow from zThreshold of outlier_estimator: 2, nearest artifact has 3`. */
export function describeCause({ what, name, key, values, count: nodes }: MissCause): string {
  const misses = count(nodes, "miss", "misses");
  if (what === "never-generated") return `${misses}: ${name} was never generated`;
  if (what === "unreachable") return `${misses}: ${name} may exist in a store that does not answer`;
  if (what === "forced") return `${misses}: ${name} is forced`;
  const { path, text } = describeValues(values);
  const part = formatPath(what === "param" ? `${key}` : what === "dependency" ? `dependency ${key}` : what, path);
  return `${misses} ${nodes === 1 ? "follows" : "follow"} from ${part} of ${name}: ${text}`;
}

/** If all values differ at the same place inside of them, only what they have there is shown. */
function describeValues(values: readonly CauseValue[]): { readonly path: ValuePath; readonly text: string } {
  const leaves = values.map(leafOf);
  const [first, ...others] = leaves;
  if (first !== undefined && others.length === 0) return { path: first.path, text: describeLeaf(first) };
  const place = formatPath("", first?.path ?? []);
  const isSamePlace = others.every(({ path }) => formatPath("", path) === place);
  const shown = isSamePlace ? leaves : values;
  const [asked, nearest] = [distinct(shown, "value"), distinct(shown, "nearestValue")];
  const have = nearest.length === 1 ? "nearest artifact has" : "nearest artifacts have";
  const text = `${shorten(asked, SHOWN_VALUES, "value").join(", ")}${asked.length > 1 ? ";" : ","} ${have} ${shorten(nearest, SHOWN_VALUES, "value").join(", ")}`;
  return { path: isSamePlace ? (first?.path ?? []) : [], text };
}

function distinct(values: readonly CauseValue[], side: keyof CauseValue): string[] {
  return [...new Set(values.map((pair) => (side in pair ? describeValue(pair[side]) : "none")))];
}

function describeNode(node: PlanNode): string {
  const { reason, blockedBy, expectedMs } = node;
  const why = reason === undefined ? "forced" : describeMiss(reason);
  const [first] = blockedBy;
  const others = blockedBy.length > 1 ? ` and ${blockedBy.length - 1} more` : "";
  const waits = first === undefined ? "" : `; after ${first.name} ${describeAddress(first.address)}${others}`;
  return `${why}${waits}${expectedMs === undefined ? "" : `; ${describeDuration(expectedMs, "estimate")}`}`;
}

function shorten(items: readonly string[], limit: number, what: string): string[] {
  const rest = items.length - limit;
  return rest <= 0 ? [...items] : [...items.slice(0, limit), `… and ${count(rest, `more ${what}`, `more ${what}s`)}`];
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}
