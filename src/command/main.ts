import { readFileSync } from "node:fs";
import { ownFolder } from "../util/peers/own-folder.ts";

/**
 * Runs the command of this process. Only `--version` is answered here: a shell that asks for the
 * version must not wait until the whole command is loaded.
 */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  endQuietlyWithReader(process.stdout);
  endQuietlyWithReader(process.stderr);
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${versionIn(ownFolder())}\n`);
    return;
  }
  const { runCommand } = await import("./run-command.ts");
  const { stdout, stderr, env } = process;
  process.exitCode = await runCommand(argv, { stdout, stderr, env });
}

function versionIn(folder: string): string {
  const manifest: unknown = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion ? String(manifest.version) : "unknown";
}

/** `persistable ls | head` ends when `head` has read enough, without an error. */
function endQuietlyWithReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });
}
