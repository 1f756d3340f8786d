const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `1.2 GB` */
export function describeBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}

/** `45 days` */
export function describeAge(ms: number): string {
  const [unit, length] = AGES.find(([, least]) => ms >= least) ?? ["second", 1000];
  const count = Math.max(0, Math.floor(ms / length));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const AGES: readonly (readonly [string, number])[] = [
  ["day", 24 * 60 * 60 * 1000],
  ["hour", 60 * 60 * 1000],
  ["minute", 60 * 1000],
];
