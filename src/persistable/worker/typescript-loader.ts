import { fieldsOf } from "../../util/fields-of.ts";

/** The module of tsx that is registered on this thread by this library. */
let registered: string | undefined;

/**
 * The module of tsx with which this thread has registered it. Worker threads are told, since what
 * a program registers does not reach them.
 */
export function registeredTsx(): string | undefined {
  return registered;
}

/** Lets this thread import TypeScript through the tsx that {@link findTsx} has found. */
export async function registerTsx(api: string): Promise<void> {
  const { register } = fieldsOf(await import(/* @vite-ignore */ api));
  if (typeof register === "function") register();
  registered = api;
}

/**
 * Finds the module that registers tsx, in the tsx package that a file would import. The path comes
 * from its package.json, since `require.resolve` finds another build, which cannot register.
 *
 * @param file - the path or the URL of a file, or of a folder with a slash at its end
 */
export function findTsx(file: string): string | undefined {
  const { createRequire } = process.getBuiltinModule("node:module");
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  try {
    const manifest = createRequire(file).resolve("tsx/package.json");
    const { exports } = fieldsOf(JSON.parse(readFileSync(manifest, "utf8")));
    const { default: path } = fieldsOf(fieldsOf(fieldsOf(exports)["./esm/api"]).import);
    return typeof path === "string" ? new URL(path, pathToFileURL(manifest)).href : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a module is TypeScript, by the end of its path or URL. */
export function isTypeScript(module: string): boolean {
  return /\.(?:[cm]?ts|tsx)(?:[?#].*)?$/.test(module);
}

/** Whether this version of Node reads TypeScript itself. */
export function readsTypeScript(): boolean {
  const { typescript } = fieldsOf(process.features);
  return typescript !== undefined && typescript !== false;
}

/**
 * Lets a worker thread import a module as the main thread has imported it. Node hands the flags of
 * the process to its threads, but tsx registers itself on the main thread alone.
 */
export async function prepareImport(module: string): Promise<void> {
  if (registered !== undefined) return;
  const flags = flagsWithTsx();
  const isNeeded = flags.length > 0 || (isTypeScript(module) && !readsTypeScript());
  const places = [...flags.filter(isPlace), module, `${process.cwd()}/`].filter(isPlace);
  const found = isNeeded ? places.map(findTsx) : [];
  const api = [tsxOfMainThread(), ...found].find((one) => one !== undefined);
  if (api !== undefined) await registerTsx(api);
}

/** The tsx that this library has registered on the main thread, if it has. */
function tsxOfMainThread(): string | undefined {
  const { tsx } = fieldsOf(process.getBuiltinModule("node:worker_threads").workerData);
  return typeof tsx === "string" ? tsx : undefined;
}

/** The flags that have started this process with tsx: `tsx` itself, or files of its package. */
function flagsWithTsx(): readonly string[] {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
  return flags.map((flag) => flag.replace(/^--[a-z-]+=/, "")).filter((flag) => /(?:^|[\\/])tsx(?:$|[\\/])/.test(flag));
}

function isPlace(text: string): boolean {
  return text.startsWith("file:") || process.getBuiltinModule("node:path").isAbsolute(text);
}
