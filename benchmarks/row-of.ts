import type { BenchmarkRow } from "./benchmark.ts";

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
