import { join } from "node:path";
import { build } from "esbuild";
import { entryPoints, root } from "../../scripts/bundle.mjs";

/**
 * Bundles a module of an example with the source of the library, and returns the file. It lies
 * beside the example, where it finds the packages that the example imports. `npm run example`
 * builds the library: tests that did that at the same time would remove each other's files.
 */
export async function bundleExample(name: string, module = "main"): Promise<string> {
  const outfile = join(root, "examples", name, `build/${module}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, "examples", name, `${module}.ts`)],
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
