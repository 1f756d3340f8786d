import type { PersistableEvent } from "persistable-ts";
import { outlierEstimator } from "../../examples/gaussian-points/index.ts";
import { OutlierEstimator } from "../../examples/gaussian-points/outlier-estimator.ts";

const { dataDir } = JSON.parse(process.argv[2] ?? "") as { dataDir: string };
const events: string[] = [];
const onEvent = ({ type, name }: PersistableEvent): void => {
  if (type === "generated" || type === "hit") events.push(`${type} ${name}`);
};
const tree = { zThreshold: 2, points: { n: 100, randomState: 10 } };
const estimator = await outlierEstimator(tree, { dataDir, onEvent }).payload;
const told = {
  isInstance: estimator instanceof OutlierEstimator,
  mean: estimator.mean,
  isOutlier: estimator.isOutlier(1.5),
  events,
};
process.stdout.write(`${JSON.stringify(told)}\n`);
