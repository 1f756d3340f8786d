/**
 * The same numbers that `numpy.random.seed(randomState); numpy.random.random(n)` gives in Python,
 * bit for bit.
 *
 * numpy-ts is imported here, on first use: a program that only loads points never pays for it.
 */
export async function randomPoints(randomState: number, n: number): Promise<Float64Array> {
  const { random } = await import("numpy-ts");
  random.seed(randomState);
  return Float64Array.from(random.random(n).data as Float64Array);
}
