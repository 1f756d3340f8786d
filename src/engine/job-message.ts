import { isJsonObject, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import type { SourceChangePolicy } from "../persistable/declare/declaration.ts";
import { isSourcePolicy } from "../persistable/declare/source-policy.ts";
import type { State } from "../persistable/declare/state.ts";
import { describeRecipe, type RecipeRow } from "./recipe-row.ts";

/** One node of a run, as it travels to a worker. */
export interface JobMessage {
  readonly v: 1;
  readonly address: string;
  readonly name: string;
  /** The row of the node and those of everything upstream; absent if they are in the store. */
  readonly rows?: readonly RecipeRow[];
  /** Generates the payload again. */
  readonly force?: true;
  readonly timeoutMs?: number;
  /** How many workers were lost while they did batches with this node. */
  readonly losses?: number;
  /** The policy of the run. */
  readonly onSourceChange?: SourceChangePolicy;
  readonly untracked?: JsonObject;
}

/** Several nodes that a worker generates one after another, in one job. */
export function batchOf(messages: readonly JsonObject[]): JsonObject {
  return { v: 1, name: `${messages.length} nodes`, batch: messages };
}

/** Returns the messages of a batch; `undefined` for a job with one node. */
export function messagesIn(data: JsonValue): readonly JsonValue[] | undefined {
  return isJsonObject(data) && Array.isArray(data.batch) ? data.batch : undefined;
}

/** A node for which more workers were lost than this has failed. */
export const MOST_LOSSES = 3;

/** How many workers were lost with a node before it got a job of its own. */
export function lossesBefore(data: JsonValue): number {
  return isJsonObject(data) && isCount(data.losses) ? data.losses : 0;
}

/** After this time, a worker leaves the nodes of a batch that it has not begun to others. */
export const BATCH_MS = 200;

/** The report of a worker on a payload that it has generated; empty if it was there already. */
export interface JobResult {
  readonly generation?: {
    readonly durationMs: number;
    readonly cost?: Readonly<Record<string, number>>;
    readonly sizeBytes?: number;
  };
}

/** Longer rows are kept in the store instead of the message. */
const MAX_ROWS_BYTES = 14_000;
/** The rows of more persistables than this are too long in any case, so they are not even made. */
const MAX_ROWS = 100;

/** Returns the rows of a node for its message; `undefined` if they are too long for a message. */
export function rowsForMessage(state: State): readonly RecipeRow[] | undefined {
  if (!hasFewUpstream(state)) return undefined;
  const rows = describeRecipe(state);
  return Buffer.byteLength(JSON.stringify(rows)) <= MAX_ROWS_BYTES ? rows : undefined;
}

function hasFewUpstream(state: State): boolean {
  const seen = new Set([state]);
  // The loop also visits the states that it adds to the set.
  for (const { dependencyStates } of seen) {
    for (const dependency of dependencyStates) seen.add(dependency);
    if (seen.size > MAX_ROWS) return false;
  }
  return true;
}

/** The name of the persistable of a job, as the job says. */
export function nameOfJob(data: JsonValue): string {
  return isJsonObject(data) && isText(data.name) ? data.name : "a payload";
}

/** Checks what came out of a queue, to which others may write too. */
export function parseMessage(data: JsonValue): JobMessage | undefined {
  if (!isJsonObject(data) || data.v !== 1) return undefined;
  const { address, name, rows, force, timeoutMs, losses, onSourceChange, untracked } = data;
  if (!isText(address) || !isText(name)) return undefined;
  const parsed = rows === undefined ? undefined : parseRows(rows);
  if (rows !== undefined && parsed === undefined) return undefined;
  return {
    v: 1,
    address,
    name,
    ...(parsed === undefined ? {} : { rows: parsed }),
    ...(force === true ? { force } : {}),
    ...(typeof timeoutMs === "number" && timeoutMs > 0 ? { timeoutMs } : {}),
    ...(isCount(losses) ? { losses } : {}),
    ...(isSourcePolicy(onSourceChange) ? { onSourceChange } : {}),
    ...(isJsonObject(untracked) ? { untracked } : {}),
  };
}

function parseRows(json: JsonValue): readonly RecipeRow[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const rows = json.map(parseRow);
  return rows.every((row) => row !== undefined) ? rows : undefined;
}

/** Checks one row, which comes from a message or from the store. */
export function parseRow(json: JsonValue): RecipeRow | undefined {
  if (!isJsonObject(json)) return undefined;
  const { name, address, draw, params, untracked, secrets, roles } = json;
  if (!isText(name) || !isText(address) || !isJsonObject(params)) return undefined;
  return {
    name,
    address,
    params,
    ...(typeof draw === "number" ? { draw } : {}),
    ...(isJsonObject(untracked) ? { untracked } : {}),
    ...(isTexts(secrets) ? { secrets } : {}),
    ...(isTexts(roles) ? { roles } : {}),
  };
}

function isText(json: JsonValue | undefined): json is string {
  return typeof json === "string" && json !== "";
}

function isCount(json: JsonValue | undefined): json is number {
  return typeof json === "number" && Number.isSafeInteger(json) && json >= 0;
}

function isTexts(json: JsonValue | undefined): json is Readonly<Record<string, string>> {
  return isJsonObject(json) && Object.values(json).every((value) => typeof value === "string");
}

/** Checks the result that a worker sent. Fields that are not as expected are left out. */
export function parseResult(json: JsonValue): JobResult {
  const generation = isJsonObject(json) ? json.generation : undefined;
  if (!isJsonObject(generation) || typeof generation.durationMs !== "number") return {};
  const { durationMs, cost, sizeBytes } = generation;
  return {
    generation: {
      durationMs,
      ...(isAmounts(cost) ? { cost } : {}),
      ...(typeof sizeBytes === "number" ? { sizeBytes } : {}),
    },
  };
}

function isAmounts(json: JsonValue | undefined): json is Readonly<Record<string, number>> {
  return isJsonObject(json) && Object.values(json).every((value) => typeof value === "number");
}
