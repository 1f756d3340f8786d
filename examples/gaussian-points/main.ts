import { parseArgs } from "node:util";
import { GaussianPoints, PersistableOutlierEstimator } from "./classes.ts";
import { outlierEstimator } from "./index.ts";

// main.ts [--data-dir folder]
const { values } = parseArgs({ options: { "data-dir": { type: "string", default: "example-data" } } });
const dataDir = values["data-dir"];

const estimator = outlierEstimator({ zThreshold: 2, points: { n: 100, randomState: 10 } }, { dataDir });
const { mean, standardDeviation } = await estimator.payload;
console.log(`mean ${mean}, standard deviation ${standardDeviation}`);

const points = new GaussianPoints({ dataDir, params: { n: 100, randomState: 10 } });
const asClass = new PersistableOutlierEstimator({ dataDir, params: { zThreshold: 2 }, dependencies: { points } });
console.log(`1.5 is an outlier: ${(await asClass.payload).isOutlier(1.5)}`);
