import { join } from "node:path";
import { build } from "esbuild";
import { entryPoints, root } from "../../scripts/bundle.mjs";

/**
 * Bundles the program of an example with the source of the library, and returns its file. It lies
 * beside the example, where it finds the packages that the example imports. `npm run example`
 * builds the library, which tests that run at the same time would do to each other.
 */
export async function bundleExample(name: string): Promise<string> {
  const outfile = join(root, "examples", name, "build/main.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, "examples", name, "main.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    alias: Object.fromEntries(entryPoints.map(({ specifier, source }) => [specifier, join(root, source)])),
    logLevel: "warning",
  });
  return outfile;
}
