import { ON_THREADS, sendCanaries } from "../support/canary-channels.ts";

/** A program whose generators give a secret away on worker threads. */
const { dataDir } = JSON.parse(process.argv[2] ?? "{}") as { dataDir: string };

const warnings: string[] = [];
process.on("warning", (warning) => warnings.push(String(warning.stack)));
const report = await sendCanaries(ON_THREADS, dataDir, async () => ({
  listeners: [],
  written: () => warnings.join(),
}));
process.stdout.write(`${JSON.stringify(report)}\n`);
