import { isJsonObject, type JsonObject, type JsonValue } from "../canonical/tagged-json.ts";
import type { ToldEvent } from "../events/event.ts";
import type { EngineNews } from "./engine.ts";
import { type JobResult, parseResult } from "./job-message.ts";

/** News of the nodes of a job, which are numbered by their place in it. */
interface JobNews {
  readonly events: readonly { readonly node: number; readonly event: ToldEvent }[];
  readonly endings: readonly NodeEnding[];
  /** The worker leaves the nodes from this one on to others; absent if it leaves none. */
  readonly leavesFrom?: number;
  /** How many workers were lost with this batch. */
  readonly losses?: number;
}

/** How a node has ended: with a result, or with an error as JSON. */
export type NodeEnding = { readonly node: number; readonly tookMs?: number } & (
  | { readonly result: JobResult }
  | { readonly error: JsonValue }
);

/** Checks what came out of a queue. A node that was cancelled has not ended. */
export function parseNews(news: Extract<EngineNews, { id: string }>, isBatch: boolean): JobNews {
  const { events, endings, leavesFrom, losses } = isBatch ? batchNewsIn(news) : onlyNewsIn(news);
  return {
    events: listOf(events).flatMap(({ node, event }) => (isPlace(node) && isEvent(event) ? [{ node, event }] : [])),
    endings: listOf(endings).flatMap(({ node, tookMs, result, error }) => {
      if (!isPlace(node) || isCancelled(error)) return [];
      const ending = error === undefined ? { node, result: parseResult(result ?? null) } : { node, error };
      return [typeof tookMs === "number" ? { ...ending, tookMs } : ending];
    }),
    ...(isPlace(leavesFrom) ? { leavesFrom } : {}),
    ...(isPlace(losses) ? { losses } : {}),
  };
}

function batchNewsIn(news: EngineNews): JsonObject {
  const json = news.kind === "progress" ? news.data : news.kind === "done" ? news.result : null;
  return isJsonObject(json) ? json : {};
}

/** The news of a job with one node, in the form of those of a batch. */
function onlyNewsIn(news: EngineNews): JsonObject {
  if (news.kind === "progress" && isJsonObject(news.data)) return { events: [{ node: 0, ...news.data }] };
  if (news.kind === "done") return { endings: [{ node: 0, result: news.result }] };
  if (news.kind === "failed" && news.error !== undefined) return { endings: [{ node: 0, error: news.error }] };
  return {};
}

function listOf(json: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(json) ? json.filter(isJsonObject) : [];
}

function isPlace(json: JsonValue | undefined): json is number {
  return Number.isInteger(json);
}

function isEvent(json: JsonValue | undefined): json is JsonObject & ToldEvent {
  return isJsonObject(json) && typeof json.type === "string" && typeof json.name === "string";
}

function isCancelled(error: JsonValue | undefined): boolean {
  return isJsonObject(error) && error.cancelled === true;
}
