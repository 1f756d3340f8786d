import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { temporaryFolder } from "./temporary-folder.ts";

/**
 * Run a script where no package is installed.
 *
 * @param entry a module below src, which the script finds as `library`
 * @param script of which every line that it prints is given back
 */
export async function runWithoutPeers(entry: string, script: string): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  await build({
    entryPoints: [path.resolve(entry)],
    outfile: folder.join("library.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
  });
  const main = folder.join("main.mjs");
  await writeFile(main, `import * as library from "./library.mjs";\n${script}`);
  const { stdout } = await promisify(execFile)(process.execPath, [main], { env: { ...process.env, NODE_OPTIONS: "" } });
  return stdout.trimEnd().split("\n");
}
