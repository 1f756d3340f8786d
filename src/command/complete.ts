import { proposeCompletions } from "@stricli/core";
import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { isInternal } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import { dataDirOf } from "./core/open-argument.ts";
import { type CommandCall, type CommandStreams, Session } from "./core/session.ts";
import { exportsOf } from "./module/find-targets.ts";
import { findModule, isModule, loadModule } from "./module/load-module.ts";
import { pathsOf } from "./params/describe-shape.ts";
import { type ParamShape, shapeOf, type TreeShape } from "./params/param-shape.ts";
import { buildCommandTree } from "./tree/command-tree.ts";

const MOST_ADDRESSES = 500;
const OF_ARTIFACTS = new Set(["show", "cat", "diff", "rm", "graph", "tag", "pin"]);
const OF_MODULES = new Set(["run", "plan", "why", "graph", "collect"]);

/**
 * Prints what may replace the last word, a line each: for the scripts of
 * `persistable completion`. Files are completed by the shell itself.
 */
export async function complete(words: readonly string[], streams: CommandStreams): Promise<void> {
  try {
    const found = await proposals(words, streams);
    if (found.length > 0) streams.stdout.write(`${[...new Set(found)].join("\n")}\n`);
  } catch {
    // A shell that completes has no place for an error.
  }
}

async function proposals(words: readonly string[], streams: CommandStreams): Promise<readonly string[]> {
  const [command = "", ...before] = words.slice(0, -1);
  const partial = words.at(-1) ?? "";
  if (words.length < 2 || partial.startsWith("-")) return ofParser(words, streams);
  const args = before.filter((word) => !word.startsWith("-"));
  const [first] = args;
  const named =
    OF_MODULES.has(command) && first !== undefined && isModule(first)
      ? await ofModule(first, args.slice(1), partial)
      : [];
  const addresses =
    OF_ARTIFACTS.has(command) && (first === undefined || !isModule(first)) ? await ofStore(words, streams) : [];
  return [...named, ...addresses].filter((text) => text.startsWith(partial));
}

/** Commands, flags, and values of flags. */
async function ofParser(words: readonly string[], streams: CommandStreams): Promise<readonly string[]> {
  const silent = { write: () => {} };
  const call: CommandCall = { process: { stdout: silent, stderr: silent }, streams, argv: words };
  const found = await proposeCompletions(
    buildCommandTree(() => {}),
    words,
    call,
  );
  return found.map(({ completion }) => completion);
}

async function ofModule(moduleText: string, args: readonly string[], partial: string): Promise<readonly string[]> {
  const all = exportsOf(await loadModule(findModule(moduleText)));
  const [name] = args;
  if (name === undefined) return all.flatMap(({ names }) => names);
  const exported = all.find(({ names }) => names.includes(name));
  if (exported === undefined || exported.kind === "targets") return [];
  const shape = shapeOf(exported.kind === "class" ? exported.declared : exported.definition);
  const [, path] = partial.match(/^([^=]+)=/) ?? [];
  if (path === undefined) return pathsOf(shape).map((known) => `${known}=`);
  return choicesAt(shape, path.split(".")).map((choice) => `${path}=${choice}`);
}

function choicesAt(root: TreeShape, path: readonly string[]): readonly string[] {
  let at: ParamShape | undefined = root;
  for (const key of path) at = at?.kind === "tree" ? at.fields.get(key)?.shape : undefined;
  if (at?.kind !== "value") return [];
  if (at.types.includes("boolean")) return ["true", "false"];
  return (at.choices ?? []).map(String);
}

/** `name/3f9a1c2e` of some artifacts. */
async function ofStore(words: readonly string[], streams: CommandStreams): Promise<readonly string[]> {
  const place = words[words.indexOf("--data-dir") + 1];
  const session = new Session(words.includes("--data-dir") ? { dataDir: place } : {}, streams, words);
  const found: string[] = [];
  for await (const { path } of openStore(dataDirOf(session)).list("")) {
    const address = isInternal(path) ? undefined : addressOfRecordPath(path);
    if (address !== undefined) found.push(`${path.slice(0, path.indexOf("/"))}/${address.slice(0, 8)}`);
    if (found.length >= MOST_ADDRESSES) break;
  }
  return found;
}
