import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InvalidPayloadError, memoryStore, type PersistableEvent } from "persistable-ts";
import { describe, expect, test } from "vitest";
import { GaussianPoints, PersistableOutlierEstimator } from "../../examples/gaussian-points/classes.ts";
import { gaussianPoints, outlierEstimator } from "../../examples/gaussian-points/index.ts";
import { OutlierEstimator } from "../../examples/gaussian-points/outlier-estimator.ts";
import { randomPoints } from "../../examples/gaussian-points/random-points.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface NumpyFixture {
  readonly outliers: { seed: number; n: number; zThreshold: number; indices: number[] };
  readonly seeds: readonly {
    seed: number;
    first: number[];
    sha256: string;
    meanAndDeviation: Record<string, [mean: number, deviation: number]>;
  }[];
}

const numpy = JSON.parse(await readFile(new URL("numpy-random.json", import.meta.url), "utf8")) as NumpyFixture;

const styles = {
  functions: (dataDir: string) => {
    const points = gaussianPoints({ n: 100, randomState: 10 }, { dataDir });
    return { points, estimator: outlierEstimator({ zThreshold: 2, points }, { dataDir }) };
  },
  classes: (dataDir: string) => {
    const points = new GaussianPoints({ dataDir, params: { n: 100, randomState: 10 } });
    const dependencies = { points };
    return { points, estimator: new PersistableOutlierEstimator({ dataDir, params: { zThreshold: 2 }, dependencies }) };
  },
};

describe.each(Object.entries(styles))("the original's two examples, with %s", (_, build) => {
  test("give the figures of the original, to the digit", async () => {
    await using folder = await temporaryFolder();
    const { points, estimator } = build(folder.path);
    expect((await points.payload)[0]).toBe(0.771320643266746);
    const { mean, standardDeviation, zThreshold } = await estimator.payload;
    expect({ mean, standardDeviation, zThreshold }).toEqual({
      mean: 0.48534879111973994,
      standardDeviation: 0.27497659243084727,
      zThreshold: 2,
    });
  });

  test("come back from disk as what they were", async () => {
    await using folder = await temporaryFolder();
    const fresh = await build(folder.path).estimator.payload;
    const loaded = await build(folder.path).estimator.load();
    expect(loaded).toBeInstanceOf(OutlierEstimator);
    expect(loaded).toEqual(fresh);
    expect([loaded.isOutlier(0.5), loaded.isOutlier(1.5)]).toEqual([false, true]);
    const points = await build(folder.path).points.load();
    expect(points).toBeInstanceOf(Float64Array);
    expect(points).toEqual(await randomPoints(10, 100));
  });

  test("refuse points that are not what they should be", async () => {
    await using folder = await temporaryFolder();
    const { points } = build(folder.path);
    await expect(points.validate(new Float64Array(99))).rejects.toThrow(InvalidPayloadError);
    await expect(points.validate(new Float64Array(100).fill(Number.NaN))).rejects.toThrow(InvalidPayloadError);
    await points.validate(new Float64Array(100));
  });
});

test("both styles share their artifacts, and the second one is told that its generator reads otherwise", async () => {
  await using folder = await temporaryFolder();
  const { points } = styles.functions(folder.path);
  const told: string[] = [];
  const same = new GaussianPoints({
    dataDir: folder.path,
    params: { n: 100, randomState: 10 },
    logger: { debug() {}, info() {}, warn: (message) => void told.push(message), error() {} },
  });
  const payload = await points.payload;
  expect(same.address).toBe(points.address);
  expect(await same.load()).toEqual(payload);
  expect(told).toEqual([expect.stringContaining("another definition of the name gaussian_points")]);
});

test("another process loads the estimator as an instance of its class", async () => {
  await using folder = await temporaryFolder();
  const program = await buildChild("test/examples/estimator-child.ts");
  const runs: { isInstance: boolean; mean: number; isOutlier: boolean; events: string[] }[] = [];
  for (let run = 0; run < 2; run++) {
    await using child = startChild(program, { dataDir: folder.path });
    runs.push(await child.waitFor(() => true));
    expect(await child.ended).toBe(0);
  }
  const figures = { isInstance: true, mean: 0.48534879111973994, isOutlier: true };
  expect(runs).toEqual([
    { ...figures, events: ["generated gaussian_points", "generated outlier_estimator"] },
    { ...figures, events: ["hit outlier_estimator"] },
  ]);
});

test("another threshold generates another estimator of the same points", async () => {
  const dataDir = memoryStore();
  const told: string[] = [];
  const onEvent = ({ type, name }: PersistableEvent): void => void told.push(`${type} ${name}`);
  const points = { n: 100, randomState: 10 };
  await outlierEstimator({ zThreshold: 2, points }, { dataDir }).payload;
  await outlierEstimator({ zThreshold: 3, points }, { dataDir, onEvent }).payload;
  expect(told).toContain("hit gaussian_points");
  expect(told).toContain("generated outlier_estimator");
  expect(told).not.toContain("generated gaussian_points");
});

describe.each(numpy.seeds)("NumPy agrees, with seed $seed", ({ seed, first, sha256, meanAndDeviation }) => {
  test("in every random number", async () => {
    const points = await randomPoints(seed, 10_000);
    expect([...points.subarray(0, 20)]).toEqual(first);
    expect(createHash("sha256").update(Buffer.from(points.buffer)).digest("hex")).toBe(sha256);
  });

  test("in the last digit of every mean and standard deviation", async () => {
    const points = await randomPoints(seed, 10_000);
    for (const [n, figures] of Object.entries(meanAndDeviation)) {
      const { mean, standardDeviation } = OutlierEstimator.fit(points.subarray(0, Number(n)), 2);
      expect([mean, standardDeviation], `of ${n} points`).toEqual(figures);
    }
  });
});

test("NumPy agrees in which points are outliers", async () => {
  const { seed, n, zThreshold, indices } = numpy.outliers;
  const points = await randomPoints(seed, n);
  const estimator = OutlierEstimator.fit(points, zThreshold);
  expect([...points.keys()].filter((index) => estimator.isOutlier(points[index] as number))).toEqual(indices);
});
