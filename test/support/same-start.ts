import { afterAll, expect, vi } from "vitest";

/*
 * Files of one process share their modules; each begins with the same environment and the same
 * working directory, though. Stores, for example, take their credentials from the environment.
 */
const environment = { ...process.env };
const folder = process.cwd();

afterAll(() => {
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(folder);
});

// Numbers are compared one by one otherwise, which takes seconds where there are half a million.
expect.addEqualityTesters([
  (a: unknown, b: unknown): true | undefined =>
    a instanceof Object.getPrototypeOf(Uint8Array) &&
    b instanceof Object.getPrototypeOf(Uint8Array) &&
    Object.getPrototypeOf(a) === Object.getPrototypeOf(b) &&
    sameBytes(a as Uint8Array, b as Uint8Array)
      ? true
      : undefined,
]);

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const bytesOf = (view: Uint8Array) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytesOf(a).equals(bytesOf(b));
}
