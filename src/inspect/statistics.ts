import type { ColumnStatistics } from "../format/preview.ts";
import type { Room } from "./room.ts";

/**
 * The clock is read only once for this many values, since reading it takes longer than reading a
 * value.
 */
const VALUES_PER_LOOK = 8192;
const STEPS = 20;

/**
 * Returns statistics of the first values, as many as the time allows. `undefined` is a missing
 * value.
 */
export function statisticsOf(
  count: number,
  valueAt: (index: number) => number | bigint | undefined,
  room: Room,
  describe: (value: number | bigint) => string = String,
): ColumnStatistics {
  let looked = 0;
  let missing = 0;
  let sum = 0;
  let min: number | bigint | undefined;
  let max: number | bigint | undefined;
  for (; looked < count; looked++) {
    if (looked % VALUES_PER_LOOK === VALUES_PER_LOOK - 1 && room.isLate) break;
    const value = valueAt(looked);
    if (value === undefined || Number.isNaN(value)) {
      missing += 1;
      continue;
    }
    sum += Number(value);
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  if (min === undefined || max === undefined) return { count: looked, missing };
  const mean = sum / (looked - missing);
  const histogram = histogramOf(looked, valueAt, Number(min), Number(max));
  return {
    count: looked,
    missing,
    min: describe(min),
    max: describe(max),
    ...(Number.isFinite(mean) ? { mean } : {}),
    ...(histogram === undefined ? {} : { histogram }),
  };
}

/**
 * Returns `undefined` if bins are not possible: all values are equal, or their range is infinite.
 */
function histogramOf(
  count: number,
  valueAt: (index: number) => number | bigint | undefined,
  min: number,
  max: number,
): readonly number[] | undefined {
  const width = (max - min) / STEPS;
  if (!(width > 0 && Number.isFinite(width))) return undefined;
  const steps = new Array<number>(STEPS).fill(0);
  for (let index = 0; index < count; index++) {
    const value = valueAt(index);
    if (value === undefined || Number.isNaN(value)) continue;
    const step = Math.min(STEPS - 1, Math.floor((Number(value) - min) / width));
    steps[step] = (steps[step] ?? 0) + 1;
  }
  return steps;
}
