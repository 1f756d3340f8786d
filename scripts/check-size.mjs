// @ts-check
// Fails when `import "persistable-ts"` loads more than the limit: minified, with everything that is imported statically,
// and without what is imported on first use. size-limit can only weigh both together.
import { bundle } from "./bundle.mjs";

const limitBytes = 60_000;

const { metafile } = await bundle({ outdir: "dist", minify: true, write: false });
const loaded = reachStatically("dist/index.js");
const sizeBytes = loaded.reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0);

for (const file of loaded) console.log(`${kilobytes(metafile.outputs[file]?.bytes ?? 0).padStart(9)}  ${file}`);
console.log(
  `${kilobytes(sizeBytes).padStart(9)}  loaded by import "persistable-ts", of at most ${kilobytes(limitBytes)}`,
);
if (sizeBytes >= limitBytes) {
  console.error('Too much. Import what is not needed for every hit on first use: `await import("./x.ts")`.');
  process.exitCode = 1;
}

/**
 * @param {string} entry
 * @returns {string[]}
 */
function reachStatically(entry) {
  const reached = [entry];
  for (const file of reached) {
    const imports = metafile.outputs[file]?.imports ?? [];
    const eager = imports.filter(({ kind, external }) => kind === "import-statement" && external !== true);
    reached.push(...eager.map(({ path }) => path).filter((path) => !reached.includes(path)));
  }
  return reached;
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
