import { proposeCompletions } from "@stricli/core";
import { proposeAddresses, proposeNames, proposeRuns, proposeTags, proposeTerms } from "./complete-from-store.ts";
import { type CommandCall, type CommandStreams, type CommonFlags, Session } from "./core/session.ts";
import { exportsOf } from "./module/find-targets.ts";
import { handOver } from "./module/hand-over.ts";
import { findModule, isModule, loadModule } from "./module/load-module.ts";
import { pathsOf } from "./params/describe-shape.ts";
import { type ParamShape, shapeOf, type TreeShape } from "./params/param-shape.ts";
import { topics } from "./text/help-topics.ts";
import { buildCommandTree, commandNames } from "./tree/command-tree.ts";

/** The words before the one that is completed, with and without flags and their values. */
interface Typed {
  readonly words: readonly string[];
  readonly args: readonly string[];
  readonly partial: string;
  readonly session: Session;
}

/** `undefined` says that another copy of the library has answered. */
type Proposals = readonly string[] | undefined;

/**
 * Prints what may replace the last word, a line each: for the scripts of
 * `persistable completion`. Files are completed by the shell itself.
 *
 * @param words - everything after `persistable`, up to the word that is completed
 */
export async function complete(words: readonly string[], streams: CommandStreams): Promise<void> {
  try {
    const found = await proposals(words, streams);
    if (found !== undefined && found.length > 0) streams.stdout.write(`${[...new Set(found)].join("\n")}\n`);
  } catch {
    // Nothing is printed: an error would appear in the middle of the line that the user types.
  }
}

async function proposals(words: readonly string[], streams: CommandStreams): Promise<Proposals> {
  const partial = words.at(-1) ?? "";
  const { args: all, flags, asksForValueOf } = readWords(words.slice(0, -1));
  const [command, ...args] = all;
  const session = new Session(flags, streams, ["__complete", "--", ...words]);
  const typed: Typed = { words, args, partial, session };
  if (flags.directory !== undefined) process.chdir(flags.directory);
  if (asksForValueOf === "--from") return startingWith(partial, await proposeAddresses(session, partial));
  if (asksForValueOf === "--on") return startingWith(partial, enginesOf(command));
  if (command === undefined || partial.startsWith("-") || asksForValueOf !== undefined) return ofParser(typed);
  const found = await PROPOSERS[command]?.(typed);
  return found && startingWith(partial, found);
}

function enginesOf(command: string | undefined): readonly string[] {
  return [...(command === "run" ? ["embedded"] : []), "redis://", "rediss://", "postgres://"];
}

function startingWith(partial: string, texts: readonly string[]): readonly string[] {
  // A name is left out if a user could not type it, or if it would act on a terminal.
  return texts.filter((text) => text.startsWith(partial) && !/[\p{C}\s]/u.test(text));
}

const ofArtifacts = ({ session, partial }: Typed): Promise<Proposals> => proposeAddresses(session, partial);
const ofQuery = ({ session, args, partial }: Typed): Promise<Proposals> => proposeTerms(session, args, partial);
const orModule = async (typed: Typed): Promise<Proposals> =>
  isModule(typed.args[0] ?? "") ? ofModule(typed) : typed.args.length === 0 ? ofArtifacts(typed) : [];

const PROPOSERS: Readonly<Record<string, (typed: Typed) => Promise<Proposals>>> = {
  run: ofModule,
  plan: ofModule,
  accept: async (typed) => (typed.args.length === 0 ? [] : ofArtifacts(typed)),
  collect: ofModule,
  why: orModule,
  graph: orModule,
  show: ofArtifacts,
  cat: ofArtifacts,
  diff: ofArtifacts,
  rm: ofArtifacts,
  tag: ofArtifacts,
  pin: ofArtifacts,
  unpin: ofArtifacts,
  untag: ({ session }) => proposeTags(session),
  rename: async ({ session, args }) => (args.length === 0 ? proposeNames(session) : []),
  ls: ofQuery,
  verify: ofQuery,
  gc: ofQuery,
  export: async (typed) => (typed.args.length === 0 ? [] : ofQuery({ ...typed, args: typed.args.slice(1) })),
  copy: async (typed) => (typed.args.length < 2 ? [] : ofQuery({ ...typed, args: typed.args.slice(2) })),
  runs: ({ session }) => proposeRuns(session),
  completion: async () => ["bash", "zsh", "fish"],
  help: async () => [...commandNames, ...Object.keys(topics)],
};

const VALUE_FLAGS = new Set(
  (
    "--data-dir --directory -C --color --from --params --draws --jobs -j --retries --timeout --pool --nearest --metrics " +
    "--depth --format --sort --limit -n --columns --as --rows --output -o --file --sample --keep-last --older-than " +
    "--unused-since --max-size --quarantine --on-source-change --on --code --slots --idle-exit --lock --health-port"
  ).split(" "),
);

interface ReadWords {
  readonly args: readonly string[];
  readonly flags: CommonFlags;
  /** The flag whose value comes next. */
  readonly asksForValueOf: string | undefined;
}

function readWords(words: readonly string[]): ReadWords {
  const args: string[] = [];
  const values = new Map<string, string>();
  let flag: string | undefined;
  for (const word of words) {
    const [, name, value] = word.match(/^(--[a-z-]+)=(.*)$/s) ?? [];
    if (flag !== undefined) values.set(flag, word);
    else if (name !== undefined && value !== undefined) values.set(name, value);
    else if (!word.startsWith("-")) args.push(word);
    flag = flag === undefined && VALUE_FLAGS.has(word) ? word : undefined;
  }
  const directory = values.get("--directory") ?? values.get("-C");
  return { args, flags: { dataDir: values.get("--data-dir"), directory }, asksForValueOf: flag };
}

/** Asks the parser to complete commands, flags, and values of flags. */
async function ofParser({ words, session }: Typed): Promise<readonly string[]> {
  const silent = { write: () => {} };
  const { streams } = session;
  const call: CommandCall = { process: { stdout: silent, stderr: silent }, streams, argv: words };
  const found = await proposeCompletions(
    buildCommandTree(() => {}),
    words,
    call,
  );
  return found.map(({ completion }) => completion);
}

async function ofModule({ args, partial, session }: Typed): Promise<Proposals> {
  const [moduleText, name] = args;
  if (moduleText === undefined || !isModule(moduleText)) return [];
  const file = findModule(moduleText);
  if ((await handOver(file, session)) !== undefined) return undefined;
  const all = exportsOf(await loadModule(file));
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
