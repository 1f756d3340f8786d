import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { s3Store } from "../../src/entry/stores/s3.ts";
import { StoreError } from "../../src/errors/store-errors.ts";
import { npy } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type FaultProxy, type Faults, startFaultProxy } from "../support/fault-proxy.ts";
import { brokenArtifacts, digestsIn } from "../support/faulty-store.ts";
import { createBucket, startMoto } from "../support/servers/s3-servers.ts";

const ROUNDS = Number(process.env.PERSISTABLE_NETWORK_ROUNDS ?? 4);
const SEED = Number(process.env.PERSISTABLE_NETWORK_SEED ?? 1);

// Found by the client in the environment, as its users' are; any will do here.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
const moto = await startMoto();
afterAll(() => moto?.close());

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Inline, a file, and one that is sent and fetched in parts. */
const sizes = { inline: 10, file: 3000, parts: 2_500_000 } as const;

const nextParams = (seed: number) => ({
  size: seed % 6 === 5 ? sizes.parts : seed % 2 === 0 ? sizes.inline : sizes.file,
  seed,
});

function numbers(onGenerate: () => void = () => {}) {
  return definePersistable({
    name: "numbers",
    params: typedParams<{ readonly size: number; readonly seed: number }>(),
    format: npy(),
    generate: ({ params }) => {
      onGenerate();
      return expected(params);
    },
  });
}

function expected({ size, seed }: { readonly size: number; readonly seed: number }): Float64Array {
  return Float64Array.from({ length: size }, (_, index) => seed * 1e7 + index);
}

const isExpected = (payload: Float64Array, params: { readonly size: number; readonly seed: number }): boolean =>
  Buffer.compare(
    Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    Buffer.from(expected(params).buffer),
  ) === 0;

const never = (): never => expect.unreachable("generated");
// Long enough for a machine that is busy with something else.
const patience = { attempts: 4, delayMs: 5, stallMs: 2000 };

const weather: Faults = {
  refuse: 0.05,
  lose: 0.05,
  cut: 0.05,
  reset: 0.05,
  stall: 0.02,
  delayMs: 2,
  sliceBytes: 60_000,
};

describe("the proxy", () => {
  const body = "x".repeat(200_000);
  const server = createServer((incoming, answer) => {
    incoming.resume();
    incoming.on("end", () => answer.end(body));
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** How a request ends: how many bytes came, and the code of what went wrong. */
  const ask = (
    { port }: FaultProxy,
    waitMs = 20_000,
  ): Promise<{ readonly bytes: number; readonly code?: string | undefined }> =>
    new Promise((resolve) => {
      let bytes = 0;
      const fail = (error: NodeJS.ErrnoException): void => resolve({ bytes, code: error.code });
      const signal = AbortSignal.timeout(waitMs);
      const outgoing = request({ port, host: "127.0.0.1", method: "PUT", agent: false, signal }, (answer) => {
        answer.on("data", (piece: Buffer) => {
          bytes += piece.length;
        });
        answer.on("end", () => resolve({ bytes }));
        answer.on("error", fail);
      });
      outgoing.on("error", fail);
      outgoing.end(body);
    });

  test("lets everything pass, slowly and in slices, where that is all it should do", async () => {
    await using proxy = await startFaultProxy((server.address() as AddressInfo).port);
    proxy.setFaults({ delayMs: 2, sliceBytes: 10_000 });
    expect(await ask(proxy)).toEqual({ bytes: 200_000 });
    expect(proxy.counts).toEqual({ exchanges: 1, refuse: 0, lose: 0, cut: 0, reset: 0, stall: 0 });
  });

  test.each([
    ["refuse", "ECONNRESET"],
    ["lose", "ECONNRESET"],
    ["cut", "ECONNRESET"],
    ["reset", "ECONNRESET"],
    ["stall", "ABORT_ERR"],
  ] as const)("fails on purpose: %s", async (fault, code) => {
    await using proxy = await startFaultProxy((server.address() as AddressInfo).port, 3);
    proxy.setFaults({ [fault]: 1, afterBytes: 100_000 });
    const told = await ask(proxy, fault === "stall" ? 1000 : undefined);
    expect(told.code).toBe(code);
    expect(told.bytes).toBeLessThan(100_000);
    if (fault === "refuse" || fault === "lose") expect(told.bytes).toBe(0);
    else expect(told.bytes).toBeGreaterThan(0);
    expect(proxy.counts).toMatchObject({ exchanges: 1, [fault]: 1 });
    proxy.setFaults({});
    expect(await ask(proxy)).toEqual({ bytes: 200_000 });
  });

  test("draws the same for the same seed", async () => {
    const told: unknown[] = [];
    for (let repeat = 0; repeat < 2; repeat++) {
      await using proxy = await startFaultProxy((server.address() as AddressInfo).port, 5);
      proxy.setFaults({ reset: 0.3, refuse: 0.3 });
      for (let asked = 0; asked < 20; asked++) await ask(proxy);
      told.push({ ...proxy.counts });
    }
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject({ exchanges: 20 });
  });
});

describe.skipIf(moto === undefined)("a bucket behind a network that fails", () => {
  /** The bucket as a client sees it through the proxy, and as it is. */
  async function openBucket(proxy: FaultProxy): Promise<{ readonly store: Store; readonly direct: Store }> {
    const bucket = await createBucket(moto?.url ?? "");
    const open = (endpoint: string): Promise<Store> => s3Store({ bucket, endpoint, patience });
    return { store: await open(proxy.url), direct: await open(moto?.url ?? "") };
  }

  const startProxy = (seed: number): Promise<FaultProxy> => startFaultProxy(moto?.port ?? 0, seed);

  test("gives right payloads or clear errors, and is fine when the network is", async () => {
    await using proxy = await startProxy(SEED);
    const { store, direct } = await openBucket(proxy);
    proxy.setFaults(weather);
    const kept: { readonly size: number; readonly seed: number }[] = [];
    let failures = 0;
    for (let seed = 0; seed < ROUNDS; seed++) {
      const params = nextParams(seed);
      // Once to generate, once more to load.
      for (let repeat = 0; repeat < 2; repeat++) {
        try {
          const payload = await numbers()(params, { dataDir: store, logger: silent }).payload;
          expect(isExpected(payload, params)).toBe(true);
          if (repeat === 0) kept.push(params);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
          expect((error as StoreError).message).toContain("numbers");
          failures++;
          break;
        }
      }
    }
    const { exchanges, ...befallen } = proxy.counts;
    const faults = Object.values(befallen).reduce((sum, count) => sum + count, 0);
    expect(faults, `faults in ${exchanges} exchanges`).toBeGreaterThan(ROUNDS / 2);
    expect(failures).toBeLessThan(ROUNDS);
    proxy.setFaults({});
    expect(await brokenArtifacts(direct)).toEqual([]);
    for (const params of kept)
      expect(isExpected(await numbers(never)(params, { dataDir: store, logger: silent }).payload, params)).toBe(true);
  });

  test.each(["refuse", "lose", "cut", "reset", "stall"] as const)(
    "says what is wrong where it is always so: %s",
    async (fault) => {
      await using proxy = await startProxy(SEED);
      const { store, direct } = await openBucket(proxy);
      const params = { size: sizes.file, seed: 1 };
      await numbers()(params, { dataDir: direct, logger: silent }).payload;
      const before = await digestsIn(direct);
      proxy.setFaults({ [fault]: 1, afterBytes: 50 });
      const error = await numbers(never)(params, { dataDir: store, logger: silent }).payload.catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(StoreError);
      expect((error as StoreError).message).toMatch(/^Could not read s3:.*numbers.* \(4 attempts\)/);
      expect(await digestsIn(direct)).toEqual(before);
      proxy.setFaults({});
      expect(isExpected(await numbers(never)(params, { dataDir: store, logger: silent }).payload, params)).toBe(true);
    },
  );

  test("keeps nothing of a payload when the network goes away while it is sent", async () => {
    await using proxy = await startProxy(SEED);
    const { store, direct } = await openBucket(proxy);
    const params = { size: sizes.parts, seed: 1 };
    const cutOff = numbers(() => proxy.setFaults({ lose: 1, afterBytes: 5_000_000 }));
    const error = await cutOff(params, { dataDir: store, logger: silent }).payload.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    proxy.setFaults({});
    expect(await digestsIn(direct)).toEqual(new Map());
  });

  test("never fails anybody before whom a local store stands", async () => {
    await using proxy = await startProxy(SEED + 1);
    const { store: remote, direct } = await openBucket(proxy);
    const [local, other] = [memoryStore(), memoryStore()];
    const store = layeredStore({ local, remote, onRemoteFailure() {} });
    const all = Array.from({ length: ROUNDS }, (_, seed) => nextParams(seed));
    for (const params of all) {
      // At the end it is away.
      proxy.setFaults(params.seed >= (ROUNDS * 2) / 3 ? { refuse: 1 } : weather);
      expect(isExpected(await numbers()(params, { dataDir: store, logger: silent }).payload, params)).toBe(true);
    }
    expect(store.failures().count).toBeGreaterThan(0);
    proxy.setFaults({});
    for (const place of [local, direct]) expect(await brokenArtifacts(place)).toEqual([]);
    await expect.poll(() => store.push().then(({ failed }) => failed), { timeout: 600_000, interval: 500 }).toBe(0);
    const elsewhere = layeredStore({ local: other, remote, onRemoteFailure: () => expect.unreachable() });
    for (const params of all)
      expect(isExpected(await numbers(never)(params, { dataDir: elsewhere, logger: silent }).payload, params)).toBe(
        true,
      );
    expect(await digestsIn(other)).toEqual(await digestsIn(direct));
  });
});
