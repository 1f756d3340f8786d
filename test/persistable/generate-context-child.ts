import { definePersistable } from "../../src/entry/index.ts";

/** Leaves in the middle of a generator that has scratch files. */
const { dataDir } = JSON.parse(process.argv[2] ?? "{}") as { dataDir: string };

await definePersistable({
  name: "leaving",
  generate: ({ workDir }) => {
    process.stdout.write(`${JSON.stringify({ workDir })}\n`);
    process.exit(3);
  },
})({}, { dataDir }).payload;
