import type { BenchmarkRow } from "./benchmark.ts";
import type { Measured } from "./measure-rounds.ts";

/** One case, from the microseconds that `measureRounds` has measured for ours and for the peer. */
export function rowOf(
  name: string,
  unit: "ms" | "us",
  oursUs = Number.NaN,
  peer: string,
  peerUs = Number.NaN,
  goal?: number,
): BenchmarkRow {
  const scale = unit === "ms" ? 1000 : 1;
  const ours = oursUs / scale;
  const peerValue = peerUs / scale;
  return { case: name, ours, unit, peer, peerValue, ratio: ours / peerValue, ...(goal === undefined ? {} : { goal }) };
}

/** One case in microseconds with all of its times: `ours` and `peer` are names of contenders. */
export function measuredRow(
  what: string,
  { times }: Measured,
  ours: string,
  peer: string,
  goal?: number,
): BenchmarkRow {
  const [own, theirs] = [times.get(ours), times.get(peer)];
  if (own === undefined || theirs === undefined) throw new Error(`${ours} or ${peer} was not measured`);
  return {
    ...rowOf(what, "us", own.median, peer, theirs.median, goal),
    low: own.low,
    cpu: own.cpu,
    lowRatio: own.low / theirs.low,
    cpuRatio: own.cpu / theirs.cpu,
  };
}
