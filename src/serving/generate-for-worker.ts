import { decodeTagged } from "../canonical/decode-tagged.ts";
import type { JsonObject } from "../canonical/tagged-json.ts";
import type { JobEnding } from "../engine/engine.ts";
import { type JobMessage, type JobResult, parseMessage } from "../engine/job-message.ts";
import { errorToJson } from "../engine/json-error.ts";
import { NO_POOL, poolOf } from "../engine/pool-of.ts";
import { rebuildRecipe } from "../engine/rebuild-recipe.ts";
import type { RecipeRow } from "../engine/recipe-row.ts";
import { type Registry, registryOf } from "../engine/registry.ts";
import { RowReader } from "../engine/stored-rows.ts";
import { messageOf } from "../errors/error-kind.ts";
import { VersionSkewError } from "../errors/worker-errors.ts";
import type { ToldEvent } from "../events/event.ts";
import { withSourcePolicy } from "../persistable/context/work-source-policy.ts";
import type { State } from "../persistable/declare/state.ts";
import { findPersisted, isPersisted } from "../persistable/load/explain.ts";
import { redactionOf } from "../persistable/secrets/redaction.ts";
import { declarationOf } from "../persistable/worker/makers.ts";
import { type Production, ProductionFailure, produceNode } from "../runner/produce-node.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store } from "../store/store.ts";
import type { MessageOfChild, MessageToChild } from "./child-message.ts";

/** Progress is sent at most once in this time. */
const PROGRESS_MS = 1000;

type RunMessage = Extract<MessageToChild, { kind: "run" }>;

/** The definitions and the store of one process. */
interface Begun {
  readonly registry: Registry;
  readonly store: Store;
  readonly rows: RowReader;
  readonly worker: string;
}

/**
 * Generates the payloads that a worker hands to this process, one at a time. The process ends with
 * the worker.
 *
 * @param loadModule - imports the module of the pipeline
 */
export async function generateForWorker(loadModule: (file: string) => Promise<object>): Promise<void> {
  // Ctrl-C reaches all processes of a terminal: the worker alone decides when this one ends.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit(1));
  let begun: Begun | undefined;
  let controller = new AbortController();
  process.on("message", (message: MessageToChild) => {
    if (message.kind === "abort") controller.abort(new DOMException("The run has cancelled it.", "AbortError"));
    else if (message.kind === "begin")
      void begin(message, loadModule).then(
        (ready) => {
          begun = ready;
          tell({ kind: "ready", pools: poolsOf(ready.registry) });
        },
        (error) => tell({ kind: "unready", message: messageOf(error) }),
      );
    else if (begun !== undefined) {
      controller = new AbortController();
      void doJob(message, begun, controller.signal).then(tell);
    }
  });
}

async function begin(
  { file, dataDir, worker }: Extract<MessageToChild, { kind: "begin" }>,
  loadModule: (file: string) => Promise<object>,
): Promise<Begun> {
  const registry = registryOf({ ...(await loadModule(file)) });
  const store = openStore(dataDir);
  return { registry, store, rows: new RowReader(store), worker };
}

function poolsOf(registry: Registry): readonly string[] {
  const pools = [...registry.values()].flat().map((maker) => poolOf(declarationOf(maker)));
  return [...new Set([NO_POOL, ...pools])];
}

/** Never rejects. */
async function doJob({ data, losses }: RunMessage, begun: Begun, signal: AbortSignal): Promise<MessageOfChild> {
  let state: State | undefined;
  let hasRows = false;
  try {
    const message = parseMessage(data);
    if (message === undefined) throw new TypeError("This is not a job of persistable-ts.");
    const rows = message.rows ?? (await begun.rows.read(message.address));
    hasRows = true;
    const rebuilt = rebuild(message, rows, begun);
    state = rebuilt;
    const result = await withSourcePolicy(message.onSourceChange, async () => {
      const produced = await produce(rebuilt, message, begun.worker, signal);
      // A worker that was lost before it told of its generation has still spent its cost.
      return produced.generation === undefined && losses > 0 ? recordedResult(rebuilt, signal) : produced;
    });
    return { kind: "ended", ending: { kind: "done", result: asJson(result) } };
  } catch (failure) {
    const error = failure instanceof ProductionFailure ? failure.cause : failure;
    if (error instanceof VersionSkewError && hasRows && state === undefined)
      return { kind: "skewed", message: error.message };
    return { kind: "ended", ending: endingOf(error, state, signal) };
  }
}

function endingOf(error: unknown, state: State | undefined, signal: AbortSignal): JobEnding {
  const json = errorToJson(error, state);
  const message = state === undefined ? messageOf(error) : redactionOf(state).error(error).message;
  return { kind: "failed", error: signal.aborted ? { ...json, cancelled: true } : json, message };
}

/**
 * Builds the persistable of a job with the definitions and the store of this process: a message,
 * which others may have written, cannot choose them.
 */
function rebuild(message: JobMessage, rows: readonly RecipeRow[], { registry, store }: Begun): State {
  const state = rebuildRecipe(rows, registry, { dataDir: store });
  if (state.recipe.address !== message.address) throw new TypeError("The job has the rows of another address.");
  return state;
}

async function produce(
  state: State,
  { force, timeoutMs, untracked }: JobMessage,
  worker: string,
  signal: AbortSignal,
): Promise<JobResult> {
  const isForced = force === true;
  // If the payload exists, the job is done without loading it.
  if (!isForced && (await isPersisted(state, signal))) return {};
  let toldMs = Number.NEGATIVE_INFINITY;
  const { generation }: Production = await produceNode(state, {
    place: { release: () => {}, acquire: async () => {} },
    signal,
    isForced,
    // The run retries, so the worker does not.
    retries: 0,
    // The plan of the run says it. Here, each process would read the records of all others for it.
    mentionsMisses: false,
    timeoutMs,
    untracked: untracked === undefined ? undefined : { ...Object(decodeTagged(untracked)) },
    onEvent: (event) => {
      if (!TOLD.has(event.type)) return;
      if (event.type === "progress") {
        if (performance.now() - toldMs < PROGRESS_MS) return;
        toldMs = performance.now();
      }
      tell({ kind: "event", event: asJson({ ...event, worker }) });
    },
    onRetried: () => {},
  });
  if (generation === undefined) return {};
  const { durationMs, cost, sizeBytes } = generation;
  return {
    generation: {
      durationMs,
      ...(cost === undefined ? {} : { cost }),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    },
  };
}

/** Takes the facts of a generation from the record of its payload. */
async function recordedResult(state: State, signal: AbortSignal): Promise<JobResult> {
  const record = await findPersisted(state, signal);
  if (record?.provenance.durationMs === undefined) return {};
  const { durationMs, cost } = record.provenance;
  const { sizeBytes } = record.payload;
  return { generation: { durationMs, sizeBytes, ...(cost === undefined ? {} : { cost }) } };
}

/** Only these events are sent to the run: how the node ended is the result of the job. */
const TOLD: ReadonlySet<ToldEvent["type"]> = new Set(["started", "log", "progress", "waiting", "takeover", "corrupt"]);

function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

function tell(message: MessageOfChild): void {
  process.send?.(message);
}
