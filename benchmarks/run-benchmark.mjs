// @ts-check
// One benchmark, in this process: `node run-benchmark.mjs <file>`; what it reports goes to the
// parent.
import { pathToFileURL } from "node:url";

const { benchmark } = await import(pathToFileURL(/** @type {string} */ (process.argv[2])).href);
const report = await benchmark();
await new Promise((resolve) => process.send?.(report, resolve));
process.disconnect();
