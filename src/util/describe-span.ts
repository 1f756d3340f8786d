const UNITS: readonly (readonly [string, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** A length of time in its greatest whole unit: `45 days`, and `0 seconds` for less than one. */
export function describeSpan(ms: number): string {
  const [unit, length] = UNITS.find(([, least]) => ms >= least) ?? ["second", 1000];
  const count = Math.max(0, Math.floor(ms / length));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
