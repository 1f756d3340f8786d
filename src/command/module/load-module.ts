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

/** The path of a module that a command names. */
export function findModule(text: string): string {
  const file = resolve(text);
  if (existsSync(file)) return file;
  const folder = dirname(file);
  const others = existsSync(folder) ? readdirSync(folder).filter(isModule) : [];
  throw new CommandError(`There is no module ${text}.${didYouMean(text, others)}`, {
    hint: "Name the file that exports your definitions: persistable run study.ts. persistable init writes one.",
  });
}

/** Whether a file may be a module, by its name. */
export function isModule(file: string): boolean {
  return isTypeScript(file) || /\.[cm]?js$/.test(file);
}

/**
 * Imports the user's module. TypeScript is imported through the user's own tsx if there is one,
 * whatever Node could do itself: what it means must not depend on the version of Node. A file that
 * one of the two has failed to load cannot be loaded by the other in the same process, so neither
 * is ever tried first.
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

/** The path at which the user's module finds a file of a package, if it does. */
export function resolveFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(pathToFileURL(file)).resolve(specifier);
  } catch {
    return undefined;
  }
}
