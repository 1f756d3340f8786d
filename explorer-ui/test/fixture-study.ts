import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { table } from "../../src/entry/formats/table.ts";
import { bytes, definePersistable, npy, text, typedParams } from "../../src/entry/index.ts";
import { run, sweep } from "../../src/entry/pipeline.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; randomState: number }>(),
  format: table(),
  generate: ({ params: { n, randomState } }) =>
    Array.from({ length: n }, (_, index) => ({ x: Math.sin(index * randomState), label: `point ${index}` })),
});

const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number; kind: string }>(),
  dependencies: { points },
  summarize: (k) => ({ k: Number(k) }),
  generate: async ({ params: { zThreshold }, dependencies, cost }) => {
    const rows = await dependencies.points.payload;
    if (zThreshold > 60) throw new RangeError("the threshold is too high");
    cost({ usd: 0.001 * rows.length });
    return zThreshold * 3 + Math.sqrt(rows.length) / 9;
  },
});

const report = definePersistable({
  name: "report",
  params: typedParams<{ title: string }>(),
  dependencies: { estimator },
  format: text(),
  generate: async ({ params: { title }, dependencies }) =>
    `# ${title}\n\n<b>never bold</b>\nk is ${await dependencies.estimator.payload}\n`,
});

const wave = definePersistable({
  name: "wave",
  params: typedParams<{ period: number }>(),
  format: npy(),
  generate: ({ params: { period } }) => Float64Array.from({ length: 500 }, (_, index) => Math.sin(index / period)),
});

const pixel = definePersistable({
  name: "pixel",
  format: bytes(),
  generate: (): Uint8Array => new Uint8Array(Buffer.from(PIXEL, "base64")),
});

const pages = definePersistable({
  name: "pages",
  format: directory(),
  generate: async ({ workDir }) => {
    await writeFile(join(workDir, "index.html"), "<h1>text, not a page</h1>\n");
    await writeFile(join(workDir, "notes.txt"), "a note\n");
    return workDir;
  },
});

/** Names what the tests look for. */
export interface Study {
  /** How many artifacts can be found, the one that failed included. */
  readonly total: number;
  readonly addresses: Readonly<Record<"best" | "report" | "wave" | "pixel" | "pages" | "points" | "failed", string>>;
  readonly runId: string;
}

const THRESHOLDS = Array.from({ length: 60 }, (_, index) => index + 1);
const SIZES = [50, 100, 200];

/** Makes a small study: a sweep, what it is made from, a payload of each kind, and a failure. */
export async function makeStudy(dataDir: string): Promise<Study> {
  const place = { dataDir, logger: { debug() {}, info() {}, warn() {}, error() {} } };
  const swept = sweep(
    estimator,
    { zThreshold: THRESHOLDS, kind: "wide", points: { n: SIZES, randomState: 10 } },
    place,
  );
  const made = await run(swept);
  const estimate = { zThreshold: 60, kind: "wide", points: { n: 200, randomState: 10 } };
  const failing = estimator({ ...estimate, zThreshold: 61 }, place);
  await run([failing], { keepGoing: "everything" }).catch(() => {});
  const others = {
    report: report({ title: "weekly", estimator: estimate }, place),
    wave: wave({ period: 9 }, place),
    pixel: pixel({}, place),
    pages: pages({}, place),
  };
  for (const other of Object.values(others)) await other.payload;
  return {
    total: THRESHOLDS.length * SIZES.length + SIZES.length + 1 + 4,
    addresses: {
      best: estimator(estimate, place).address,
      report: others.report.address,
      wave: others.wave.address,
      pixel: others.pixel.address,
      pages: others.pages.address,
      points: points({ n: 200, randomState: 10 }, place).address,
      failed: failing.address,
    },
    runId: made.runId,
  };
}

/** Makes one artifact more, while a page is open. */
export async function makeOneMore(dataDir: string): Promise<void> {
  await wave({ period: 20 }, { dataDir }).payload;
}
