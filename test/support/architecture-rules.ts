import { posix } from "node:path";
import ts from "typescript";

/** The rules that ARCHITECTURE.md states in its tables. */
export interface ArchitectureRules {
  /** Folder → the folders it may import, in the order of the table. */
  readonly layers: ReadonlyMap<string, readonly string[]>;
  /** Room → the rooms of the same folder that it may import, in the order of the table. */
  readonly rooms: ReadonlyMap<string, readonly string[]>;
  /** Folder → what the name of an implementation ends in, and which files only look like one. */
  readonly implementations: ReadonlyMap<string, { readonly ending: string; readonly except: readonly string[] }>;
  /** File → the Node modules it may ask for. */
  readonly node: ReadonlyMap<string, readonly string[]>;
  /** Folder → the files that load in a browser; undefined for all of them. */
  readonly browser: ReadonlyMap<string, readonly string[] | undefined>;
  /** Files that may be long. */
  readonly longFiles: ReadonlySet<string>;
}

/** Path below the root, `/`-separated → text. */
export type SourceFiles = ReadonlyMap<string, string>;

const maxLines = 400;
const maxFilesInFolder = 20;

/** The folder of the entry points, which no file imports. */
const ENTRY = "entry";

export function parseArchitectureRules(markdown: string): ArchitectureRules {
  return {
    layers: readImportTable(markdown, "layers"),
    rooms: readImportTable(markdown, "rooms"),
    implementations: new Map(
      readTable(markdown, "implementations").map(([folder, pattern]) => {
        const [ending = "", except = ""] = pattern.replace("*", "").split(" except ");
        return [folder, { ending, except: words(except) }];
      }),
    ),
    node: new Map(readTable(markdown, "node").map(([file, modules]) => [file, words(modules)])),
    browser: new Map(
      readTable(markdown, "browser").map(([folder, files]) => [
        folder,
        files === "all of it" ? undefined : words(files),
      ]),
    ),
    longFiles: new Set(readTable(markdown, "long files").map(([file]) => file)),
  };
}

/** Returns one sentence for each place in `files` that breaks a rule. */
export function findViolations(files: SourceFiles, rules: ArchitectureRules): string[] {
  const violations: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, text] of files) {
    const { local, external, node } = readImports(file, text);
    graph.set(file, local);
    violations.push(
      ...checkLayers(file, local, files, rules),
      ...checkRooms(file, local, rules),
      ...checkNode(file, node, rules),
      ...checkLength(file, text, rules),
    );
    for (const name of external) {
      if (name.startsWith("persistable-ts")) violations.push(`${file} imports its own package by name (${name}).`);
    }
  }
  violations.push(
    ...findCycles(graph),
    ...checkImplementations(graph, rules),
    ...checkFolderSizes([...files.keys()]),
    ...checkEmptyRooms([...files.keys()], rules),
  );
  for (const file of [...rules.node.keys(), ...rules.longFiles]) {
    if (!files.has(file)) violations.push(`ARCHITECTURE.md makes an exception for ${file}, which does not exist.`);
  }
  return violations;
}

function checkLayers(file: string, imports: readonly string[], files: SourceFiles, rules: ArchitectureRules): string[] {
  const folder = folderOf(file);
  const allowed = folder === undefined ? undefined : rules.layers.get(folder);
  if (folder !== undefined && allowed === undefined)
    return [`${file} lies in a folder that the table of layers does not name.`];
  return imports.flatMap((target) => {
    if (!files.has(target)) return [`${file} imports ${target}, which does not exist under that name.`];
    const other = folderOf(target);
    if (other === undefined) return [`${file} imports ${target}, which lies in no folder.`];
    if (other === ENTRY) return [`${file} imports the entry point ${target}.`];
    if (allowed === undefined || other === folder || allowed.includes(other)) return [];
    return [`${file} imports ${target}, but ${folder} may import ${allowed.join(", ") || "nothing"}.`];
  });
}

/**
 * An import within one folder, from room to room. Imports between folders are the matter of
 * `checkLayers`.
 */
function checkRooms(file: string, imports: readonly string[], rules: ArchitectureRules): string[] {
  const room = roomOf(file);
  const folder = folderOf(file);
  if (folder === undefined || folder === ENTRY) return [];
  const allowed = rules.rooms.get(room);
  if (allowed === undefined) {
    const hasRooms = [...rules.rooms.keys()].some((name) => name.startsWith(`${folder}/`));
    if (room === folder && !hasRooms) return [];
    return [`${file} lies in the room ${room}, which the table of rooms does not name.`];
  }
  return imports.flatMap((target) => {
    const other = roomOf(target);
    if (other === room || folderOf(target) !== folder || allowed.includes(other)) return [];
    return [`${file} imports ${target}, but ${room} may import ${allowed.join(", ") || "no other room"}.`];
  });
}

function checkEmptyRooms(files: readonly string[], rules: ArchitectureRules): string[] {
  const used = new Set(files.map(roomOf));
  return [...rules.rooms.keys()]
    .filter((room) => !used.has(room))
    .map((room) => `The table of rooms has a row for ${room}, where there are no files.`);
}

function checkFolderSizes(files: readonly string[]): string[] {
  const sizes = new Map<string, number>();
  for (const file of files) sizes.set(posix.dirname(file), (sizes.get(posix.dirname(file)) ?? 0) + 1);
  return [...sizes]
    .filter(([, size]) => size > maxFilesInFolder)
    .map(([folder, size]) => `${folder} has ${size} files, more than ${maxFilesInFolder}. Give some of them a room.`);
}

function checkNode(file: string, modules: readonly string[], rules: ArchitectureRules): string[] {
  const listed = rules.node.get(file) ?? [];
  return [
    ...modules
      .filter((name) => !listed.includes(name))
      .map((name) => `${file} asks for ${name}, which the table of Node modules does not list for it.`),
    ...listed
      .filter((name) => !modules.includes(name))
      .map((name) => `${file} no longer asks for ${name}: take it out of the table of Node modules.`),
  ];
}

function checkLength(file: string, text: string, rules: ArchitectureRules): string[] {
  const lines = text.split("\n").length - 1;
  return lines > maxLines && !rules.longFiles.has(file) ? [`${file} has ${lines} lines, more than ${maxLines}.`] : [];
}

function checkImplementations(graph: ReadonlyMap<string, readonly string[]>, rules: ArchitectureRules): string[] {
  const violations: string[] = [];
  for (const [folder, { ending, except }] of rules.implementations) {
    const isImplementation = (file: string): boolean =>
      folderOf(file) === folder && file.endsWith(ending) && !except.includes(posix.basename(file));
    for (const start of [...graph.keys()].filter(isImplementation)) {
      for (const reached of reachableFrom(start, graph)) {
        if (isImplementation(reached)) violations.push(`${start} reaches ${reached}, another implementation.`);
      }
    }
  }
  return violations;
}

/**
 * Every file that an import, or an import of an import, leads to; `start` only if something leads
 * back to it.
 */
function reachableFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const queue = [...(graph.get(start) ?? [])];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    queue.push(...(graph.get(file) ?? []));
  }
  return reached;
}

function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const inCycle = [...graph.keys()].filter((file) => reachableFrom(file, graph).has(file));
  return inCycle.map(
    (file) =>
      `${file} imports itself, through ${(graph.get(file) ?? []).filter((next) => inCycle.includes(next)).join(", ")}.`,
  );
}

interface Imports {
  readonly local: string[];
  readonly external: string[];
  readonly node: string[];
}

/**
 * Everything that a file asks for: `import`, `import type`, `export from`, `import()`, `new URL(…,
 * import.meta.url)`, and the names of Node modules wherever they are written, since
 * `getBuiltinModule` may be called by way of another function.
 */
export function readImports(file: string, text: string): Imports {
  const names = ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
  const code = text.replaceAll(/^\s*(?:\*|\/[*/]).*$/gm, "");
  for (const match of code.matchAll(/new URL\(\s*["'](\.[^"']+)["']/g)) names.push(match[1] as string);
  const quoted = [...code.matchAll(/["'](node:[a-z0-9_/]+)["']|getBuiltinModule\(\s*["']([^"']+)["']/g)];
  return {
    local: names
      .filter((name) => name.startsWith("."))
      .map((name) => posix.normalize(posix.join(posix.dirname(file), name))),
    external: names.filter((name) => !name.startsWith(".") && !name.startsWith("node:")),
    node: [...new Set(quoted.map((match) => match[1] ?? (match[2] as string)))].sort(),
  };
}

/**
 * `errors` for `src/errors/x.ts` and `src/errors/y/x.ts`; undefined for a file directly in `src/`.
 */
function folderOf(file: string): string | undefined {
  const parts = file.split("/");
  return parts.length > 2 ? parts[1] : undefined;
}

/**
 * `format/json` for `src/format/json/x.ts`; the folder's own name for a file that lies in none of
 * its rooms.
 */
function roomOf(file: string): string {
  return posix.dirname(file).replace(/^src\//, "");
}

/** A table of who may import whom, in which a row may name only rows above it. */
function readImportTable(markdown: string, name: string): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  for (const [row, imports] of readTable(markdown, name)) {
    const allowed = imports === "all above" ? [...table.keys()] : words(imports);
    const unknown = allowed.filter((other) => !table.has(other));
    if (unknown.length > 0)
      throw new Error(`The row of ${row} names ${unknown.join(", ")}, which no earlier row declares.`);
    table.set(row, allowed);
  }
  return table;
}

/** The first two cells of every row of the table under `<!-- executed: name -->`. */
function readTable(markdown: string, name: string): [string, string][] {
  const lines = markdown.split("\n");
  const start = lines.indexOf(`<!-- executed: ${name} -->`);
  if (start < 0) throw new Error(`ARCHITECTURE.md has no table "${name}".`);
  const rows: [string, string][] = [];
  for (const line of lines.slice(start + 3)) {
    if (!line.startsWith("|")) break;
    const cells = line.split("|").map((cell) => cell.replaceAll("`", "").trim());
    rows.push([cells[1] ?? "", cells[2] ?? ""]);
  }
  return rows;
}

function words(cell: string): string[] {
  return cell.split(/[\s,]+/).filter((word) => word !== "");
}
