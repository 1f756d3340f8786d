import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { answerArtifact } from "./answers/artifact.ts";
import { answerArtifacts, answerDependents, answerFacets } from "./answers/artifacts.ts";
import { openArtifactsFile } from "./answers/artifacts-file.ts";
import type { Asked } from "./answers/asked.ts";
import { answerCompare } from "./answers/compare.ts";
import { answerCollection, answerDisk } from "./answers/disk.ts";
import type { ExploredStore } from "./answers/explored-store.ts";
import { answerGraph, graphFile } from "./answers/graph.ts";
import { answerName } from "./answers/name.ts";
import { answerPreview, answerTable, answerVerify, openImage, openPayload } from "./answers/payloads.ts";
import { answerRun, answerRuns } from "./answers/runs.ts";
import { answerStore } from "./answers/store-answer.ts";
import { answerSweep } from "./answers/sweep.ts";
import { answerTrouble } from "./answers/trouble.ts";
import { answerWhy } from "./answers/why.ts";
import type { Routes } from "./api.ts";
import { RequestRefusal } from "./http/request-refusal.ts";
import { SAFE_HEADERS } from "./http/respond.ts";

/** How a route is answered with JSON. */
interface Route<Answer> {
  /** All parameters that it has. */
  readonly params: readonly string[];
  answer(explored: ExploredStore, asked: Asked, signal: AbortSignal): Promise<Answer>;
}

type AnswerRoutes = { readonly [Path in keyof Routes]: Route<Routes[Path]["answer"]> };

/** All routes with JSON; `api.ts` describes them. */
const routes: AnswerRoutes = {
  "/api/store": { params: [], answer: answerStore },
  "/api/artifacts": {
    params: ["query", "sort", "columns", "offset", "limit"],
    answer: ({ catalog, commands }, asked) => answerArtifacts(catalog, commands, asked),
  },
  "/api/facets": { params: ["query"], answer: ({ catalog }, asked) => answerFacets(catalog, asked) },
  "/api/artifact": { params: ["address"], answer: answerArtifact },
  "/api/dependents": { params: ["address", "offset", "limit"], answer: answerDependents },
  "/api/preview": { params: ["address", "file"], answer: answerPreview },
  "/api/table": { params: ["address", "columns", "offset", "limit"], answer: answerTable },
  "/api/verify": { params: ["address"], answer: answerVerify },
  "/api/name": { params: ["name"], answer: answerName },
  "/api/compare": { params: ["a"], answer: answerCompare },
  "/api/graph": { params: ["of", "query", "up", "down", "group", "limit"], answer: answerGraph },
  "/api/runs": { params: ["offset", "limit"], answer: answerRuns },
  "/api/run": { params: ["id", "offset", "limit"], answer: answerRun },
  "/api/sweep": {
    params: ["name", "query"],
    answer: ({ catalog, commands }, asked) => answerSweep(catalog, commands, asked),
  },
  "/api/why": { params: ["address", "name", "param"], answer: answerWhy },
  "/api/disk": { params: [], answer: (explored, _asked, signal) => answerDisk(explored, signal) },
  "/api/collection": {
    params: [
      ...["query", "olderThan", "unusedSince", "keepLast", "maxSize", "orphans", "quarantine"],
      ...["offset", "limit"],
    ],
    answer: answerCollection,
  },
  "/api/trouble": { params: [], answer: (explored, _asked, signal) => answerTrouble(explored, signal) },
};

/** How a route is answered with a file. */
interface FileRoute {
  readonly params: readonly string[];
  send(explored: ExploredStore, asked: Asked, response: ServerResponse, signal: AbortSignal): Promise<void>;
}

const fileRoutes: Readonly<Record<string, FileRoute>> = {
  "/api/payload": {
    params: ["address", "file"],
    async send(explored, asked, response, signal) {
      const { fileName, sizeBytes, pieces } = await openPayload(explored, asked, signal);
      // Whatever the bytes are, a browser saves them and does not show them.
      await sendFile(response, pieces(), { type: "application/octet-stream", fileName, sizeBytes });
    },
  },
  "/api/image": {
    params: ["address", "file"],
    async send(explored, asked, response, signal) {
      const { mediaType, sizeBytes, pieces } = await openImage(explored, asked, signal);
      await sendFile(response, pieces(), { type: mediaType ?? "application/octet-stream", sizeBytes });
    },
  },
  "/api/artifacts-file": {
    params: ["query", "sort", "columns", "format"],
    async send({ catalog }, asked, response, signal) {
      const { fileName, type, parts } = await openArtifactsFile(catalog, asked, signal);
      await sendFile(response, parts(), { type, fileName });
    },
  },
  "/api/graph-file": {
    params: ["of", "query", "up", "down", "format"],
    async send(explored, asked, response) {
      const text = await graphFile(explored, asked);
      await sendFile(response, [text], { type: "text/plain; charset=utf-8", fileName: "lineage.txt" });
    },
  },
};

interface FileHead {
  readonly type: string;
  /** Absent for what is shown in the page. */
  readonly fileName?: string;
  readonly sizeBytes?: number;
}

async function sendFile(
  response: ServerResponse,
  pieces: Iterable<string> | AsyncIterable<string | Uint8Array>,
  { type, fileName, sizeBytes }: FileHead,
): Promise<void> {
  response.writeHead(200, {
    ...SAFE_HEADERS,
    "content-type": type,
    ...(sizeBytes === undefined ? {} : { "content-length": String(sizeBytes) }),
    ...(fileName === undefined ? {} : { "content-disposition": `attachment; filename="${safeFileName(fileName)}"` }),
  });
  await pipeline(Readable.from(pieces), response);
}

/** A name of a store becomes one of a file without anything that a header or a system acts on. */
function safeFileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "_").replace(/^\.+/, "_");
}

/** The route with JSON at a path; `undefined` for none. */
export function routeAt(path: string): Route<unknown> | undefined {
  return new Map<string, Route<unknown>>(Object.entries(routes)).get(path);
}

/** The route with a file at a path; `undefined` for none. */
export function fileRouteAt(path: string): FileRoute | undefined {
  return new Map(Object.entries(fileRoutes)).get(path);
}

/** Says which routes there are. */
export function notARoute(path: string): RequestRefusal {
  return new RequestRefusal(
    "EXPLORER_NOT_FOUND",
    `There is no route ${JSON.stringify(path.slice(0, 100))}.`,
    `The routes are ${[...Object.keys(routes), ...Object.keys(fileRoutes)].join(", ")}.`,
  );
}
