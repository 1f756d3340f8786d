/** The number of values that NumPy hands to its loops at a time. */
const BUFFER_LENGTH = 8192;

/** Sums in the order in which NumPy does, so that the last digit agrees with Python's. */
export function pairwiseSum(values: Float64Array): number {
  let sum = 0;
  for (let start = 0; start < values.length; start += BUFFER_LENGTH) {
    sum += sumHalves(values.subarray(start, start + BUFFER_LENGTH));
  }
  return sum;
}

function sumHalves(values: Float64Array): number {
  const { length } = values;
  if (length <= 128) return sumLanes(values);
  const middle = Math.floor(length / 16) * 8;
  return sumHalves(values.subarray(0, middle)) + sumHalves(values.subarray(middle));
}

/** Every eighth value on its own, then those eight together, then what is left over. */
function sumLanes(values: Float64Array): number {
  const end = values.length - (values.length % 8);
  const lanes = new Float64Array(8);
  for (let index = 0; index < end; index++) {
    const lane = index % 8;
    lanes[lane] = (lanes[lane] as number) + (values[index] as number);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  return values.subarray(end).reduce((sum, value) => sum + value, a + b + (c + d) + (e + f + (g + h)));
}
