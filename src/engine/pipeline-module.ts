import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";

/**
 * Returns the file of the module that processes of a worker import.
 *
 * @throws {@link InvalidRunOptionsError} if it is the script that was started
 */
export function fileOfPipeline(module: string | URL): string {
  const isUrl = module instanceof URL || module.startsWith("file:");
  const file = isUrl ? fileURLToPath(module) : resolve(module);
  const main = process.argv[1];
  if (main !== undefined && realPath(file) === realPath(main))
    throw new InvalidRunOptionsError(
      `${file} is the script that was started, and a worker would start it again. Move the definitions to a module of their own.`,
    );
  return file;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
