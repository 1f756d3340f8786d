import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fieldsOf } from "../../util/fields-of.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import { didYouMean } from "../core/suggest.ts";

/** The exports of a module by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

const TYPESCRIPT = new Set([".ts", ".mts", ".cts", ".tsx"]);
const JAVASCRIPT = new Set([".js", ".mjs", ".cjs"]);

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
  return TYPESCRIPT.has(extname(file)) || JAVASCRIPT.has(extname(file));
}

/**
 * Imports the user's module. TypeScript is imported through the user's own tsx if there is one,
 * whatever Node could do itself: what it means must not depend on the version of Node. A file that
 * one of the two has failed to load cannot be loaded by the other in the same process, so neither
 * is ever tried first.
 */
export async function loadModule(file: string): Promise<ModuleExports> {
  process.setSourceMapsEnabled(true);
  if (TYPESCRIPT.has(extname(file))) await prepareTypeScript(file);
  return fieldsOf(await import(/* @vite-ignore */ pathToFileURL(file).href));
}

async function prepareTypeScript(file: string): Promise<void> {
  const api = findTsx(file);
  if (api !== undefined) {
    const { register } = fieldsOf(await import(/* @vite-ignore */ pathToFileURL(api).href));
    if (typeof register === "function") register();
    return;
  }
  const { typescript } = fieldsOf(process.features);
  if (typescript !== undefined && typescript !== false) return;
  throw new CommandError(`Node ${process.versions.node} does not load TypeScript, and tsx is not installed.`, {
    exit: ExitCode.failed,
    hint: "npm install --save-dev tsx, or use Node 22.18 or later.",
  });
}

/**
 * The module of tsx that registers it, of the tsx that the user's module would import. It is looked
 * up in its package.json: what `require.resolve` finds is another build, which cannot register.
 */
function findTsx(file: string): string | undefined {
  const manifest = resolveFrom(file, "tsx/package.json");
  if (manifest === undefined) return undefined;
  const { exports } = fieldsOf(JSON.parse(readFileSync(manifest, "utf8")));
  const { default: path } = fieldsOf(fieldsOf(fieldsOf(exports)["./esm/api"]).import);
  return typeof path === "string" ? join(dirname(manifest), path) : undefined;
}

/** The path at which the user's module finds a file of a package, if it does. */
export function resolveFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(pathToFileURL(file)).resolve(specifier);
  } catch {
    return undefined;
  }
}
