/** From 0 for the same number to 1 for numbers that are far apart. */
export function numericDistance(one: number, other: number): number {
  const scale = Math.max(Math.abs(one), Math.abs(other));
  const share = scale === 0 ? 0 : Math.abs(one - other) / scale;
  return Number.isFinite(share) ? Math.min(1, share) : 1;
}
