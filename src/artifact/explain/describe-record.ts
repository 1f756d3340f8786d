import { visibleLine } from "../../errors/visible-text.ts";
import { Secret } from "../../params/secret.ts";
import { Untracked } from "../../params/untracked.ts";
import { payloadBytesOf } from "../../record/payload-bytes.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { describeCost, describeDuration } from "../../util/describe.ts";
import { describeBytes } from "../../util/describe-bytes.ts";
import { isPlainObject } from "../../util/fields-of.ts";
import { describeAge, describeValue } from "./miss.ts";

/** `made 2 days ago in 3.2 s for 0.02 usd, 1.1 kB`. */
export function describeMaking({ provenance, payload }: ArtifactRecord): string {
  const { createdAt, durationMs, cost } = provenance;
  const took = durationMs === undefined ? "" : ` in ${describeDuration(durationMs)}`;
  const spent = cost === undefined ? "" : ` for ${describeCost(Object.entries(cost))}`;
  return `made ${describeAgeOf(createdAt)}${took}${spent}, ${describeBytes(payloadBytesOf(payload))}`;
}

/** A lineage may have far more params than a reader wants to see. */
const MOST_PARAMS = 60;

/** The leaves of a params tree with their dotted paths, each value in words: at most 60 of them. */
export function paramFacts(tree: object): readonly (readonly [path: string, value: string])[] {
  const facts: [string, string][] = [];
  const left: [path: string, value: unknown][] = [...Object.entries(tree)].reverse();
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [path, value] = next;
    if (facts.length === MOST_PARAMS) return [...facts, ["…", "further params are not shown"]];
    const inner = isPlainObject(value) ? Object.entries(value) : [];
    if (inner.length === 0) facts.push([visibleLine(path), describeParam(value)]);
    else for (const [key, part] of inner.reverse()) left.push([`${path}.${key}`, part]);
  }
  return facts;
}

function describeParam(value: unknown): string {
  if (value instanceof Untracked) return `${describeParam(value.value)} (untracked)`;
  return value instanceof Secret ? "[secret]" : describeValue(value);
}

/** Puts the age of what was made at a time (ISO 8601) into words. */
export function describeAgeOf(time: string): string {
  return describeAge(Date.now() - Date.parse(time));
}
