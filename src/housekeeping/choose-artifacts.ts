import type { Address } from "../address/address.ts";
import { describeBytes } from "../util/describe-bytes.ts";
import { describeSpan } from "../util/describe-span.ts";
import type { ArtifactDecision, KeepReason, RemoveReason } from "./collection-plan.ts";
import type { CollectionPolicy } from "./collection-policy.ts";
import type { StoredArtifact } from "./stored-artifacts.ts";

/** An artifact as the choice sees it: without its record, which may be large. */
export type Candidate = Omit<StoredArtifact, "record" | "bytes"> & {
  readonly isReadable: boolean;
  readonly isWanted: boolean;
};

/** The reason that a tag or a pin is for an artifact to stay, by its address. */
export type Roots = ReadonlyMap<Address, KeepReason>;

/**
 * Decides for every artifact whether it stays, and why. Those that are removed come first, each
 * before everything that it was made from, so that a removal that is broken off leaves no artifact
 * without what it was made from.
 */
export function chooseArtifacts(
  candidates: readonly Candidate[],
  policy: CollectionPolicy,
  roots: Roots,
  nowMs: number,
): ArtifactDecision[] {
  const order = dependentsFirst(candidates);
  const usedMs = lastUses(order);
  const newest = newestOf(candidates, policy.keepLast ?? 0);
  const kept = new Map<Candidate, KeepReason>();
  for (const candidate of order) {
    const reason =
      roots.get(candidate.address) ??
      findObjection(candidate, policy, newest, usedMs.get(candidate.address) ?? 0, nowMs);
    if (reason !== undefined) kept.set(candidate, reason);
  }
  keepUpstream(order, kept);
  if (policy.maxBytes !== undefined) keepWhatFits(order, kept, policy, usedMs);
  const removed = order.filter((candidate) => !kept.has(candidate));
  return [
    ...removed.map((candidate) => decision(candidate, "remove", whyRemoved(candidate, policy, nowMs))),
    ...[...kept].map(([candidate, reason]) => decision(candidate, "keep", reason)),
  ];
}

function decision(
  candidate: Candidate,
  action: ArtifactDecision["action"],
  reason: KeepReason | RemoveReason,
): ArtifactDecision {
  const { path, name, address, sizeBytes, durationMs, madeFrom, recordDigest } = candidate;
  return {
    ...{ kind: "artifact", action, reason, path, name, address, sizeBytes },
    createdAt: new Date(candidate.createdMs).toISOString(),
    usedAt: new Date(candidate.usedMs).toISOString(),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...{ madeFrom, recordDigest },
  };
}

/** The first condition that an artifact does not meet. */
function findObjection(
  candidate: Candidate,
  policy: CollectionPolicy,
  newest: ReadonlySet<Candidate>,
  usedMs: number,
  nowMs: number,
): KeepReason | undefined {
  const { isReadable, isWanted, createdMs } = candidate;
  const { olderThanMs = 0, unusedForMs = 0, keepLast } = policy;
  if (!isReadable)
    return {
      code: "unreadable",
      text: "its record is damaged, or a newer release wrote it: verifyArtifacts says more",
    };
  if (!isWanted) return { code: "not-asked", text: "the policy is about others" };
  if (nowMs - createdMs < olderThanMs) return { code: "young", text: `${describeSpan(nowMs - createdMs)} old` };
  if (nowMs - usedMs < unusedForMs) return { code: "used", text: `used ${describeSpan(nowMs - usedMs)} ago` };
  if (newest.has(candidate)) return { code: "newest", text: `one of the newest ${keepLast} of ${candidate.name}` };
  return undefined;
}

function whyRemoved({ createdMs, usedMs }: Candidate, policy: CollectionPolicy, nowMs: number): RemoveReason {
  const age = `${describeSpan(nowMs - createdMs)} old`;
  const use = policy.unusedForMs === undefined ? "" : `, last used ${describeSpan(nowMs - usedMs)} ago`;
  return { code: "chosen", text: `${age}${use}, nothing that stays is made from it` };
}

/** The newest artifacts of each name. */
function newestOf(candidates: readonly Candidate[], count: number): ReadonlySet<Candidate> {
  const byName = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    if (!candidate.isReadable) continue;
    const ofName = byName.get(candidate.name) ?? [];
    byName.set(candidate.name, ofName);
    ofName.push(candidate);
  }
  const newest = [...byName.values()].flatMap((ofName) =>
    ofName.sort((a, b) => b.createdMs - a.createdMs).slice(0, count),
  );
  return new Set(newest);
}

/** Each artifact before what it was made from. */
function dependentsFirst(candidates: readonly Candidate[]): readonly Candidate[] {
  const byAddress = groupByAddress(candidates);
  const waiting = new Map<Candidate, number>(candidates.map((candidate) => [candidate, 0]));
  const upstreamOf = (candidate: Candidate): Candidate[] =>
    candidate.madeFrom.flatMap((address) => byAddress.get(address) ?? []);
  for (const candidate of candidates)
    for (const upstream of upstreamOf(candidate)) waiting.set(upstream, (waiting.get(upstream) ?? 0) + 1);
  const order = candidates.filter((candidate) => waiting.get(candidate) === 0);
  for (const candidate of order) {
    waiting.delete(candidate);
    for (const upstream of upstreamOf(candidate)) {
      const left = (waiting.get(upstream) ?? 0) - 1;
      waiting.set(upstream, left);
      if (left === 0) order.push(upstream);
    }
  }
  // Records that claim to be made from one another were forged, or mention themselves.
  return [...order, ...waiting.keys()];
}

/** When each artifact was last used, by itself or through what was made from it. */
function lastUses(order: readonly Candidate[]): ReadonlyMap<Address, number> {
  const usedMs = new Map<Address, number>();
  for (const candidate of order) {
    const used = Math.max(candidate.usedMs, usedMs.get(candidate.address) ?? 0);
    for (const address of [candidate.address, ...candidate.madeFrom])
      usedMs.set(address, Math.max(used, usedMs.get(address) ?? 0));
  }
  return usedMs;
}

function keepUpstream(candidates: readonly Candidate[], kept: Map<Candidate, KeepReason>): void {
  const byAddress = groupByAddress(candidates);
  // What is added to a map while it is walked is visited too.
  for (const [by] of kept)
    for (const upstream of by.madeFrom.flatMap((address) => byAddress.get(address) ?? []))
      if (!kept.has(upstream))
        kept.set(upstream, {
          code: "upstream",
          text: `${by.name} ${by.address.slice(0, 8)} is made from it, and stays`,
          by: by.address,
        });
}

/** Goes on choosing, the least recently used first, until the others fit. */
function keepWhatFits(
  order: readonly Candidate[],
  kept: Map<Candidate, KeepReason>,
  { maxBytes = 0, names }: CollectionPolicy,
  usedMs: ReadonlyMap<Address, number>,
): void {
  let leftBytes = 0;
  for (const { name, sizeBytes } of order) if (names === undefined || names.includes(name)) leftBytes += sizeBytes;
  const removable = order.filter((candidate) => !kept.has(candidate));
  const used = ({ address }: Candidate): number => usedMs.get(address) ?? 0;
  // What an artifact was made from was used no earlier. Where both are equal, the sort is stable
  // and keeps the order of the list, dependents first.
  for (const candidate of removable.sort((a, b) => used(a) - used(b))) {
    if (leftBytes > maxBytes) leftBytes -= candidate.sizeBytes;
    else kept.set(candidate, { code: "fits", text: `all that stays fits into ${describeBytes(maxBytes)}` });
  }
}

function groupByAddress(candidates: readonly Candidate[]): ReadonlyMap<Address, readonly Candidate[]> {
  const groups = new Map<Address, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.address) ?? [];
    groups.set(candidate.address, group);
    group.push(candidate);
  }
  return groups;
}
