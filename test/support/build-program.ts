import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
  // Users install the packages that only some stores and formats need.
  external: ["@aws-sdk/*", "@azure/*", "@google-cloud/*", "ssh2-sftp-client"] as string[],
} as const;

/**
 * A program of several files as its users have them, which every supported Node runs: each module a
 * file of its own that imports the others, and the library beside them, split as in the published
 * package (or that package itself, where `PERSISTABLE_TEST_BUILT` is 1).
 *
 * @param modules paths of TypeScript files below the root; the first one is the main script.
 * @returns the path of the main script.
 */
export async function buildProgram(folder: string, modules: readonly [string, ...string[]]): Promise<string> {
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const library =
    process.env.PERSISTABLE_TEST_BUILT === "1" ? path.join(root, "dist/entry") : path.join(folder, "dist");
  if (library.startsWith(folder)) await buildLibrary(library);
  for (const module of modules) {
    await build({
      ...OPTIONS,
      entryPoints: [path.join(root, module)],
      outfile: path.join(folder, `${path.basename(module, ".ts")}.js`),
      plugins: [leaveOthersOut(pathToFileURL(library).href)],
    });
  }
  return path.join(folder, `${path.basename(modules[0], ".ts")}.js`);
}

async function buildLibrary(outdir: string): Promise<void> {
  await build({
    ...OPTIONS,
    entryPoints: ["index", "inputs", "pipeline", "formats/directory", "formats/file"].map((name) =>
      path.join(root, `src/entry/${name}.ts`),
    ),
    outdir,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  });
}

function leaveOthersOut(libraryUrl: string): Plugin {
  return {
    name: "leave-others-out",
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, ({ kind, path: target }) => {
        if (kind === "entry-point") return undefined;
        const entry = /\/src\/entry\/((?:formats\/)?[a-z]+)\.ts$/.exec(target)?.[1];
        const file = entry === undefined ? `./${path.basename(target, ".ts")}.js` : `${libraryUrl}/${entry}.js`;
        return { path: file, external: true };
      });
    },
  };
}
