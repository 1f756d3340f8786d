import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findTsx, isTypeScript, readsTypeScript, registerTsx } from "../../persistable/worker/typescript-loader.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { didYouMean } from "../core/suggest.ts";

/** The exports of a module by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/** Returns the path of the module that an argument of a command names. */
export function findModule(text: string): string {
  const file = resolve(text);
  if (existsSync(file)) return file;
  const folder = dirname(file);
  const others = existsSync(folder) ? readdirSync(folder).filter(isModule) : [];
  throw new CommandError(`There is no module ${text}.${didYouMean(text, others)}`, {
    hint: "Name the file that exports your definitions: persistable run study.ts. persistable init writes one.",
  });
}

/** Whether the name of a file is that of a module. */
export function isModule(file: string): boolean {
  return isTypeScript(file) || /\.[cm]?js$/.test(file);
}

/**
 * Imports the user's module. If the user has installed tsx, it loads TypeScript even where Node
 * could: the meaning of a module must not depend on the version of Node. The choice is made before
 * loading, since after one of the two has failed to load a file, the other cannot load it in the
 * same process.
 */
export async function loadModule(file: string): Promise<ModuleExports> {
  process.setSourceMapsEnabled(true);
  if (isTypeScript(file)) await prepareTypeScript(file);
  return fieldsOf(await import(/* @vite-ignore */ pathToFileURL(file).href));
}

async function prepareTypeScript(file: string): Promise<void> {
  const tsx = findTsx(file);
  if (tsx !== undefined) return registerTsx(tsx);
  if (readsTypeScript()) return;
  throw new CommandError(`Node ${process.versions.node} does not load TypeScript, and tsx is not installed.`, {
    exit: ExitCode.failed,
    hint: "npm install --save-dev tsx, or use Node 22.18 or later.",
  });
}

/**
 * Returns the path at which the user's module finds a file of a package; `undefined` if it finds
 * none.
 */
export function resolveFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(pathToFileURL(file)).resolve(specifier);
  } catch {
    return undefined;
  }
}
