/**
 * Returns the distance of two numbers: 0 if they are equal, and at most 1 if they are far apart.
 */
export function numericDistance(one: number, other: number): number {
  const scale = Math.max(Math.abs(one), Math.abs(other));
  const share = scale === 0 ? 0 : Math.abs(one - other) / scale;
  return Number.isFinite(share) ? Math.min(1, share) : 1;
}
