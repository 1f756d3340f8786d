import { asUrl, locateDefinition } from "../../artifact/provenance/defining-module.ts";
import { UnshareableError, WorkerModuleError } from "../../errors/worker-errors.ts";
import { decodePayload } from "../../format/encode-payload.ts";
import { openedStores } from "../../store/open/open-store.ts";
import type { Store } from "../../store/store.ts";
import { placesIn } from "../../util/digest/input-places.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { adoptWorkFolder, removeWorkFolder } from "../../util/work-folder.ts";
import { type GeneratorContext, warnOfThrown } from "../context/generate-context.ts";
import { lineOfWork } from "../context/wait-graph.ts";
import { workSourcePolicy } from "../context/work-source-policy.ts";
import { paramsTreeOf } from "../declare/params-of.ts";
import type { State } from "../declare/state.ts";
import { visitUpstreamFirst } from "../declare/upstream-first.ts";
import { emitRelayed } from "../log/emit-now.ts";
import { callLogger } from "../log/event-log.ts";
import { redactionOf } from "../secrets/redaction.ts";
import type { MovedPayload } from "./moved-payload.ts";
import { packValue } from "./packed-value.ts";
import type { JobNode, WorkerJob, WorkerNews } from "./worker-message.ts";
import { WorkerPool } from "./worker-pool.ts";

const workerEntryPart = lazyPart(() => import("./worker-entry.ts"));

/** A payload that a worker thread generated, with the error if receiving it has failed. */
export interface Received {
  readonly content:
    | { readonly kind: "value"; readonly value: unknown }
    | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] };
  readonly failure?: { readonly error: unknown };
}

/**
 * Runs the generator on a worker thread.
 *
 * @throws {@link WorkerModuleError}, {@link UnshareableError}, {@link WorkerCrashedError}; the
 * error of the generator, with its name, message, stack, code and cause
 */
export async function generateInWorker(state: State, context: GeneratorContext): Promise<Received> {
  // On a worker thread, a missing dependency is generated on that thread itself: it would only wait
  // if another thread did it.
  if (isWorkerOfOurs()) return { content: { kind: "value", value: await state.hooks.generatePayload(context) } };
  const job = describeJob(state, context.untracked);
  const pool = await openPool();
  let workFolder: string | undefined;
  try {
    const { moved, taken, upstreamMs } = await pool.run({
      name: state.recipe.name,
      job,
      redaction: redactionOf(state),
      signal: context.signal,
      onNews: (news) => {
        if (news.kind === "work-folder") {
          workFolder = news.folder;
          adoptWorkFolder(workFolder);
        } else relay(state, context, news);
      },
    });
    // Reading the seed here notes it for the record.
    if (taken.seed !== undefined) void context.seed;
    if (taken.undeclared !== undefined) context.adoptUndeclared(taken.undeclared);
    const [first] = state.dependencyStates;
    if (first !== undefined) first.busyMs += upstreamMs;
    // The payload is in the work folder, and is still to be copied into the store.
    if (state.format.stored !== undefined && workFolder !== undefined) {
      context.adoptFolder(workFolder);
      workFolder = undefined;
    }
    return await receive(state, moved);
  } finally {
    if (workFolder !== undefined) await removeWorkFolder(workFolder);
  }
}

let pool: WorkerPool | undefined;

async function openPool(): Promise<WorkerPool> {
  // The import is inside a function, so that bundlers do not see which exports are used: they would
  // leave out `serveWorker`, which only the worker thread calls.
  const { workerEntryUrl } = await workerEntryPart();
  if (workerEntryUrl === undefined || isMainScript(workerEntryUrl)) {
    throw new WorkerModuleError(
      "persistable-ts was bundled into one file with the program, so that a worker thread cannot load it alone. Leave it out of the bundle, or let the bundler split.",
    );
  }
  pool ??= new WorkerPool(workerEntryUrl, process.getBuiltinModule("node:os").availableParallelism());
  return pool;
}

function isWorkerOfOurs(): boolean {
  const data: unknown = process.getBuiltinModule("node:worker_threads").workerData;
  return typeof data === "object" && data !== null && "persistableEntry" in data;
}

function describeJob(state: State, untracked: Readonly<Record<string, unknown>>): WorkerJob {
  const places = new Map<State, number>();
  const nodes: JobNode[] = [];
  const asked = moduleOf(state);
  if (asked === undefined || isMainScript(asked)) {
    throw new WorkerModuleError(
      `${state.recipe.name} is ${asked === undefined ? "defined in no module that can be found" : `defined in ${asked}, the script that was started`}: a worker thread cannot import it. ` +
        "Move its definition to a module of its own and export it. Where it is in one already (a class, a function of yours that defines), say worker: import.meta.url there.",
    );
  }
  visitUpstreamFirst(
    state,
    (upstream) => !places.has(upstream),
    (upstream) => {
      nodes.push(describeNode(upstream, places));
      places.set(upstream, nodes.length - 1);
    },
  );
  const { surroundings } = state;
  return {
    nodes,
    untracked: packValue(untracked, [], ["untracked"]),
    line: lineOfWork(),
    isHeard: surroundings.onEvent !== undefined,
    isLogged: surroundings.logger !== undefined,
    isVerbose: surroundings.verbose,
    inputs: placesIn(paramsTreeOf(state)),
    onSourceChange: workSourcePolicy(),
  };
}

function describeNode(state: State, places: ReadonlyMap<State, number>): JobNode {
  const { recipe, declaration, dependencyStates, memory, limits } = state;
  const roles = Object.keys(recipe.dependencies);
  const own = Object.fromEntries(Object.entries(paramsTreeOf(state)).filter(([key]) => !roles.includes(key)));
  const module = moduleOf(state);
  const { store, log } = state.surroundings;
  if (!canReopen(store)) {
    throw new UnshareableError(
      `The store ${store.url} of ${recipe.name} cannot be opened by a worker thread. Give a folder or a URL as dataDir, or leave out worker.`,
    );
  }
  return {
    name: recipe.name,
    address: recipe.address,
    draw: recipe.draw,
    // A definition in the main script is found through the definition that declares it as a
    // dependency. To import the script would run it again.
    module: module === undefined || isMainScript(module) ? undefined : module,
    params: packValue(own, declaration.classes, ["params"]),
    roles: roles.map((role, i) => [role, places.get(dependencyStates[i] as State) as number]),
    storeUrl: store.url,
    isDurable: store.capabilities.durable,
    log,
    memory,
    limits,
  };
}

/**
 * Tells whether another thread can open the same store by its URL and the environment alone: a
 * folder, or a store that was opened by its URL here.
 */
function canReopen(store: Store): boolean {
  if (store.url.startsWith("file:")) return true;
  return !store.url.startsWith("memory:") && [...openedStores.values()].includes(store);
}

function moduleOf({ declaration }: State): string | undefined {
  const { worker } = declaration;
  if (typeof worker === "string" || worker instanceof URL) return asUrl(String(worker));
  const location = locateDefinition(declaration.trace);
  return location === undefined ? undefined : asUrl(location);
}

function isMainScript(url: string): boolean {
  const [, script] = process.argv;
  if (script === undefined || !url.startsWith("file:")) return false;
  const file = process.getBuiltinModule("node:url").fileURLToPath(url);
  const real = realPath(file);
  // `node main` starts `main.js`.
  return ["", ".js", ".cjs", ".mjs", "/index.js"].some((end) => realPath(script + end) === real);
}

function realPath(file: string): string {
  try {
    return process.getBuiltinModule("node:fs").realpathSync.native(file);
  } catch {
    return file;
  }
}

type RelayedNews = Exclude<WorkerNews, { kind: "work-folder" }>;

/**
 * Passes news to the listeners. A payload must not be lost because a listener throws, and no other
 * code would catch the error.
 */
function relay(state: State, context: GeneratorContext, news: RelayedNews): void {
  try {
    tellHere(state, context, news);
  } catch (error) {
    warnOfThrown(state, error);
  }
}

function tellHere(state: State, context: GeneratorContext, news: RelayedNews): void {
  const { logger } = state.surroundings;
  if (news.kind === "progress") context.progress(news.done, news.total, news.note);
  else if (news.kind === "cost") context.cost(news.spent);
  else if (news.kind === "keep") context.keep(news.isKept, news.why);
  else if (news.kind === "log") context.log[news.level](news.message, news.fields);
  else if (news.kind === "event") emitRelayed(state, news.event);
  else if (logger !== undefined) {
    const redaction = redactionOf(state);
    callLogger(logger, news.level, redaction.text(news.message), redaction.value(news.fields));
  }
}

async function receive(state: State, moved: MovedPayload): Promise<Received> {
  if (moved.kind === "cloned") return { content: { kind: "value", value: moved.payload } };
  const { encoded, formatId } = moved;
  const format = state.formats.find(({ id }) => id === formatId);
  if (format === undefined) {
    throw new WorkerModuleError(
      `${state.recipe.name} has the format ${formatId} on a worker thread, and ${state.format.id} here. Say it in the definition, not at the call.`,
    );
  }
  try {
    return { content: { kind: "value", value: await decodePayload(format, Buffer.concat(encoded), state.limits) } };
  } catch (error) {
    if (formatId !== state.format.id) throw error;
    // The payload was generated, and its bytes are here. Once they can be decoded, they are
    // published without generating again.
    return { content: { kind: "encoded", encoded }, failure: { error } };
  }
}
