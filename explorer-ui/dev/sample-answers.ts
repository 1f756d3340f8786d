import type { Routes } from "../../src/explorer/api.ts";
import * as some from "./sample-artifacts.ts";
import * as drawn from "./sample-drawings.ts";

type Answers = { readonly [Route in keyof Routes]?: (asked: URLSearchParams) => Routes[Route]["answer"] };

const ANSWERS: Answers = {
  "/api/store": () => some.STORE,
  "/api/artifacts": (asked) =>
    some.artifacts(asked.get("query") ?? "", Number(asked.get("offset") ?? 0), asked.getAll("columns")),
  "/api/facets": () => some.FACETS,
  "/api/artifact": (asked) => some.artifact(asked.get("address") ?? ""),
  "/api/dependents": (asked) => ({ total: 3, offset: Number(asked.get("offset") ?? 0), rows: some.ROWS.slice(1, 4) }),
  "/api/preview": (asked) => some.preview(asked.get("address") ?? ""),
  "/api/verify": () => ({ isIntact: true, damaged: [], tookMs: 12 }),
  "/api/compare": (asked) => some.compare(asked.getAll("a")),
  "/api/name": (asked) => drawn.nameOf(asked.get("name") ?? "estimator"),
  "/api/graph": () => drawn.GRAPH,
  "/api/runs": () => drawn.RUNS,
  "/api/run": () => drawn.RUN,
  "/api/sweep": () => drawn.SWEEP,
  "/api/why": () => drawn.WHY,
  "/api/disk": () => drawn.DISK,
  "/api/collection": () => drawn.COLLECTION,
  "/api/trouble": () => drawn.TROUBLE,
};

/** The answer of a route, `"events"` for a stream that never ends, or `undefined` for no sample. */
export function sampleAnswer(route: string, asked: URLSearchParams): unknown {
  if (route.startsWith("/api/events")) return "events";
  const answer: ((params: URLSearchParams) => unknown) | undefined = ANSWERS[route as keyof Answers];
  return answer?.(asked);
}
