import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { type TemporaryFolder, temporaryFolder } from "./temporary-folder.ts";

/**
 * Run a script in Node as it is, which imports packages in its own way: a test runner finds names
 * in CommonJS modules that Node does not.
 *
 * @param entry a module below src, which the script finds as `library`
 * @param script of which every line that it prints is given back
 */
export function runInPlainNode(entry: string, script: string): Promise<readonly string[]> {
  return runBundled(entry, script, (folder) =>
    symlink(path.resolve("node_modules"), folder.join("node_modules"), "junction"),
  );
}

/** Runs a script in a folder in which no package is installed. */
export function runWithoutPeers(entry: string, script: string): Promise<readonly string[]> {
  return runBundled(entry, script);
}

/**
 * Runs a script in a folder in which only these packages are installed.
 *
 * @param packages the text of the main file of each package, by its name; null for a package that
 * lacks it
 */
export function runWithPackages(
  entry: string,
  packages: Readonly<Record<string, string | null>>,
  script: string,
): Promise<readonly string[]> {
  return runBundled(entry, script, async (folder) => {
    for (const [name, text] of Object.entries(packages)) {
      await mkdir(folder.join("node_modules", name), { recursive: true });
      const manifest = JSON.stringify({ name, version: "1.0.0", type: "module", main: "main.js" });
      await writeFile(folder.join("node_modules", name, "package.json"), manifest);
      if (text !== null) await writeFile(folder.join("node_modules", name, "main.js"), text);
    }
  });
}

async function runBundled(
  entry: string,
  script: string,
  install: (folder: TemporaryFolder) => Promise<void> = async () => {},
): Promise<readonly string[]> {
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
  await install(folder);
  const main = folder.join("main.mjs");
  await writeFile(main, `import * as library from "./library.mjs";\n${script}`);
  const { stdout } = await promisify(execFile)(process.execPath, [main], { env: { ...process.env, NODE_OPTIONS: "" } });
  return stdout.trimEnd().split("\n");
}
