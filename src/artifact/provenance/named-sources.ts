import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { fieldsOf } from "../../util/fields-of.ts";

/**
 * A module, by its URL or by its path from the module of the definition; or a package, whose
 * version counts.
 */
export type NamedSource = string | URL | { readonly package: string };

/** The source of a generator, part by part. */
export interface SourceTexts {
  readonly generator: string;
  /** The texts of modules, by their paths from the module of the definition. */
  readonly modules: Readonly<Record<string, string>>;
  /** The versions of packages, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/**
 * Reads the modules and the versions that a definition names.
 *
 * @param location - the module of the definition, as far as its stack tells; the first URL among
 * the named sources comes before it
 * @throws {@link DefinitionError} if one of them cannot be read
 */
export async function readSources(
  name: string,
  generator: string,
  named: readonly NamedSource[],
  location: string | undefined,
): Promise<SourceTexts> {
  const own = named.map((source) => (isUrl(source) ? String(source) : undefined)).find((url) => url !== undefined);
  const base = toFile(own ?? location);
  const modules: [string, string][] = [];
  const packages: [string, string][] = [];
  for (const source of named) {
    if (isPackage(source)) packages.push([source.package, await versionOf(name, source.package, base)]);
    else modules.push(await readModule(name, String(source), base));
  }
  return { generator, modules: sorted(modules), packages: sorted(packages) };
}

/** The text whose digest is the fingerprint: the same for the same source on every machine. */
export function encodeSources({ generator, modules, packages }: SourceTexts): string {
  return JSON.stringify({ generator, modules, packages });
}

/** Reads what {@link encodeSources} wrote; any other text is that of a generator alone. */
export function decodeSources(text: string): SourceTexts {
  if (!text.startsWith('{"generator":')) return { generator: text, modules: {}, packages: {} };
  const { generator, modules, packages } = fieldsOf(JSON.parse(text));
  return { generator: String(generator), modules: textsOf(modules), packages: textsOf(packages) };
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, text]) => [key, String(text)]));
}

function sorted(entries: readonly [string, string][]): Readonly<Record<string, string>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isPackage(source: NamedSource): source is { readonly package: string } {
  return typeof source === "object" && "package" in source;
}

function isUrl(source: NamedSource): boolean {
  return source instanceof URL || (typeof source === "string" && source.startsWith("file:"));
}

async function readModule(name: string, source: string, base: string | undefined): Promise<[string, string]> {
  const file = isUrl(source) ? toFile(source) : base && path.resolve(path.dirname(base), source);
  const text = file && ((await tryRead(file)) ?? (await tryRead(file.replace(/\.([cm]?)tsx?$/, ".$1js"))));
  if (file === undefined || text === undefined)
    throw new DefinitionError(
      `The source of ${name} names the module ${source}, which cannot be read. ` +
        "Give import.meta.url, and paths from that module; a module that is bundled into another one is part of that one.",
    );
  const shown = base === undefined || file === base ? path.basename(file) : path.relative(path.dirname(base), file);
  // Git may change the ends of lines when it checks a module out.
  return [
    shown
      .split(path.sep)
      .join("/")
      .replace(/\.([cm]?)tsx?$/, ".$1js"),
    text.replaceAll("\r\n", "\n"),
  ];
}

async function versionOf(name: string, wanted: string, base: string | undefined): Promise<string> {
  for (let folder = base === undefined ? process.cwd() : path.dirname(base); ; folder = path.dirname(folder)) {
    const text = await tryRead(path.join(folder, "node_modules", wanted, "package.json"));
    if (text !== undefined) return String(fieldsOf(JSON.parse(text)).version);
    if (folder === path.dirname(folder)) break;
  }
  throw new DefinitionError(`The source of ${name} names the package ${wanted}, which is not installed there.`);
}

async function tryRead(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

function toFile(location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  return location.startsWith("file:") ? fileURLToPath(location) : location;
}
