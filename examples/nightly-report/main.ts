import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { layeredStore, ReadOnlyStoreError } from "persistable-ts/stores/layered";
import { report, reportOver } from "./report.ts";

// main.ts [--data-dir folder] [--sales folder] [--shared s3://bucket/prefix] [--read-only]
const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "example-data" },
    sales: { type: "string", default: fileURLToPath(new URL("sales", import.meta.url)) },
    shared: { type: "string" },
    "read-only": { type: "boolean", default: false },
  },
});

// With --read-only a miss fails before anything is generated, and credentials that may only read
// are enough.
const local = values["data-dir"];
const mode = values["read-only"] ? "local:r,remote:r" : "local:rw,remote:rw";
const dataDir = values.shared === undefined ? local : layeredStore({ local, remote: values.shared, mode });
const tonight = report(await reportOver(values.sales), { dataDir });
try {
  console.log(await tonight.payload);
} catch (error) {
  if (!(error instanceof ReadOnlyStoreError)) throw error;
  console.error(`The nightly job has not made this report yet: ${error.message}`);
  process.exitCode = 1;
}
