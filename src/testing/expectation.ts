export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  try {
    // Loaded when a case runs, so that the suite can be declared anywhere.
    const assert: typeof import("node:assert/strict") = process.getBuiltinModule("node:assert/strict");
    assert.deepStrictEqual(actual, expected);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Compares bytes without printing megabytes of them. */
export function expectBytes(actual: unknown, expected: Uint8Array, what: string): void {
  if (!(actual instanceof Uint8Array)) fail(`${what}: expected ${expected.length} bytes, got ${String(actual)}`);
  if (actual.length !== expected.length) fail(`${what}: expected ${expected.length} bytes, got ${actual.length}`);
  if (Buffer.compare(actual, expected) === 0) return;
  fail(`${what}: byte ${actual.findIndex((byte, index) => byte !== expected[index])} of ${expected.length} differs`);
}

/** Resolves to the error that the promise rejects with. */
export async function expectRejection(promise: Promise<unknown>, what: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return fail(`${what}: expected a rejection, got ${typeof value === "object" ? "an object" : String(value)}`);
}

export function fail(message: string): never {
  throw new Error(message);
}
