import { StoreError } from "../errors/store-errors.ts";

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  // Loaded when a case runs, so that the suite can be declared anywhere. Node's own assertions
  // would compute the difference of big arrays line by line, which exhausts the memory if a store
  // mixes up megabytes.
  const { inspect, isDeepStrictEqual } = process.getBuiltinModule("node:util");
  if (isDeepStrictEqual(actual, expected)) return;
  const show = (value: unknown): string => inspect(value, { depth: 4, maxArrayLength: 20, maxStringLength: 200 });
  fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
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

export async function expectStoreError(promise: Promise<unknown>, what: string): Promise<void> {
  const error = await expectRejection(promise, what);
  if (!(error instanceof StoreError)) fail(`${what}: expected a StoreError, got ${String(error)}`);
}

export function fail(message: string): never {
  throw new Error(message);
}
