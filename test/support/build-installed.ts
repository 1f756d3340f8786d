import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How a program is put together. */
export interface InstalledOptions {
  /**
   * `true`: the library is one file with the program, as some bundlers make it. Otherwise what is
   * imported on first use is a file of its own.
   */
  readonly isOneFile?: boolean;
}

/**
 * A program with the library beside it as it is installed: in a package of its name, with the peers
 * found where packages are found. It is gone when this process ends.
 *
 * @param entry - a TypeScript file, from the root
 * @returns the path of the program
 */
export async function buildInstalled(entry: string, { isOneFile = false }: InstalledOptions = {}): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "persistable-installed-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const name = path.basename(entry, ".ts");
  await build({
    entryPoints: { [name]: path.join(root, entry) },
    outdir: folder,
    bundle: true,
    splitting: !isOneFile,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
    external: ["@aws-sdk/*", "@azure/*", "@google-cloud/*", "ssh2-sftp-client"],
  });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  const manifest = { name: isOneFile ? "a-program" : "persistable-ts", type: "module" };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  return path.join(folder, `${name}.js`);
}
