/** The latest time that a `Date` can hold. */
export const MAX_TIME_MS = 8.64e15;

/**
 * A time in the form of `toISOString`. Days after the 28th do not match, since some months lack
 * them.
 */
const PLAIN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * Returns the milliseconds of a time in the form of `toISOString`; `undefined` for any other text.
 */
export function exactMs(time: string): number | undefined {
  const ms = Date.parse(time);
  // Most times match the pattern, which saves the slow comparison with the time written again.
  if (PLAIN_TIME.test(time)) return ms;
  return Math.abs(ms) <= MAX_TIME_MS && new Date(ms).toISOString() === time ? ms : undefined;
}
