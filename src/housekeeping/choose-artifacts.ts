import type { Address } from "../address/address.ts";
import { describeBytes } from "../util/describe-bytes.ts";
import { describeSpan } from "../util/describe-span.ts";
import type { ArtifactDecision, KeepReason, RemoveReason } from "./collection-plan.ts";
import type { CollectionPolicy } from "./collection-policy.ts";
import type { StoredArtifact } from "./stored-artifacts.ts";

/** The facts that the choice needs of an artifact, without its record, which may be large. */
export type Candidate = Omit<StoredArtifact, "record" | "bytes"> & {
  readonly isReadable: boolean;
  readonly isWanted: boolean;
};

/** For each artifact that a tag or a pin keeps, the reason, by its address. */
export type Roots = ReadonlyMap<Address, KeepReason>;

/**
 * Decides for every artifact whether it stays, and why. Removals come first, each artifact before
 * everything that it was made from: if the removal is broken off, every artifact that is left still
 * has what it was made from.
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

/** Returns why an artifact stays: the first condition for removing that it does not meet. */
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

/** Returns the newest artifacts of each name. */
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

/** Sorts each artifact before the artifacts that it was made from. */
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
  // Artifacts are left over only if their records refer to each other, or to themselves, which only
  // forged or damaged records do. They come last.
  return [...order, ...waiting.keys()];
}

/** Returns when each artifact was last used, directly or through an artifact made from it. */
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
  // The loop also visits the artifacts that it adds to the map.
  for (const [by] of kept)
    for (const upstream of by.madeFrom.flatMap((address) => byAddress.get(address) ?? []))
      if (!kept.has(upstream))
        kept.set(upstream, {
          code: "upstream",
          text: `${by.name} ${by.address.slice(0, 8)} is made from it, and stays`,
          by: by.address,
        });
}

/** Keeps what fits into `maxBytes`: the least recently used artifacts are removed first. */
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
  // An artifact upstream was last used at the same time as its dependents, or later. If the times
  // are equal, the stable sort keeps dependents first.
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
