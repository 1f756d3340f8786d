import type { ServerResponse } from "node:http";
import { openCatalog } from "../catalog/open/open-catalog.ts";
import { watchRun } from "../runner/watch-run.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store } from "../store/store.ts";
import { LIBRARY_VERSION } from "../util/library-version.ts";
import { Asked } from "./answers/asked.ts";
import { CommandWriter } from "./answers/commands.ts";
import type { ExploredStore } from "./answers/explored-store.ts";
import { checkRunId } from "./answers/runs.ts";
import { AccessToken } from "./http/access-token.ts";
import { serveExplorer } from "./http/explorer-server.ts";
import { readPageFiles } from "./http/page-files.ts";
import { RequestRefusal } from "./http/request-refusal.ts";
import { respondJson } from "./http/respond.ts";
import { EventStream } from "./live/event-stream.ts";
import { StoreChanges } from "./live/store-changes.ts";
import { fileRouteAt, notARoute, routeAt } from "./routes.ts";

/** How the explorer is started. */
export interface ExplorerOptions {
  readonly dataDir: string | URL | Store;
  /** The data directory as the user has written it. */
  readonly shownAs: string;
  /** The query of the first page. */
  readonly startQuery: string;
  readonly token: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The address to listen at; this machine alone by default. */
  readonly host?: string | undefined;
  /** The folder of the built page. */
  readonly pageFolder: string;
}

/** An explorer that answers. */
export interface Explorer {
  /** The address for a browser, with the token. */
  readonly url: string;
  /** Makes an address that can be opened once. */
  newPassUrl(): string;
  readonly hasPage: boolean;
  close(): Promise<void>;
}

const MAX_STREAMS = 64;

/**
 * Starts the explorer of a data directory. It reads, and writes nothing but the index that every
 * catalogue keeps.
 *
 * @throws the error of the system if the port cannot be used; an UnknownStoreError
 */
export async function startExplorer(options: ExplorerOptions): Promise<Explorer> {
  const store = openStore(options.dataDir);
  const catalog = openCatalog(store);
  const changes = new StoreChanges(store, catalog);
  const explored: ExploredStore = {
    store,
    catalog,
    commands: new CommandWriter(options.shownAs),
    shownAs: options.shownAs,
    startQuery: options.startQuery,
    version: LIBRARY_VERSION,
    cursor: () => changes.cursor,
    problem: () => changes.problem,
  };
  const page = await readPageFiles(options.pageFolder);
  const ending = new AbortController();
  const answers = new ExplorerAnswers(explored, changes, ending.signal);
  const { port, host } = options;
  const token = new AccessToken(options.token);
  const server = await serveExplorer({
    page,
    token,
    port,
    host,
    answer: (path, query, response, signal) => answers.answer(path, query, response, signal),
  });
  const watching = changes.watch(ending.signal);
  return {
    url: `${server.url}?token=${encodeURIComponent(options.token)}`,
    newPassUrl: () => `${server.url}?token=${token.newPass()}`,
    hasPage: page.size > 0,
    async close() {
      ending.abort(new Error("The explorer has ended."));
      await server.close();
      await watching;
      await catalog.close();
    },
  };
}

class ExplorerAnswers {
  readonly #explored: ExploredStore;
  readonly #changes: StoreChanges;
  readonly #ending: AbortSignal;
  #streams = 0;

  constructor(explored: ExploredStore, changes: StoreChanges, ending: AbortSignal) {
    this.#explored = explored;
    this.#changes = changes;
    this.#ending = ending;
  }

  async answer(path: string, query: URLSearchParams, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const route = routeAt(path);
    const fileRoute = fileRouteAt(path);
    if (route !== undefined)
      respondJson(response, await route.answer(this.#explored, new Asked(query, route.params), signal));
    else if (fileRoute !== undefined)
      await fileRoute.send(this.#explored, new Asked(query, fileRoute.params), response, signal);
    else if (path === "/api/events") this.#openStore(new Asked(query, ["after"]), response);
    else if (path === "/api/events/run") this.#openRun(new Asked(query, ["id", "after"]), response, signal);
    else throw notARoute(path);
  }

  /** A browser that connects again sends the last cursor in a header. */
  #openStore(asked: Asked, response: ServerResponse): void {
    const after = lastEventId(response) ?? asked.text("after");
    const stream = this.#openStream(response);
    const end = this.#changes.subscribe(after, (event) => stream.send(event));
    response.once("close", end);
  }

  #openRun(asked: Asked, response: ServerResponse, signal: AbortSignal): void {
    const runId = checkRunId(asked.required("id"));
    const last = lastEventId(response);
    const after =
      last === undefined ? asked.whole("after", { fallback: 0, most: Number.MAX_SAFE_INTEGER }) : Number(last);
    const stream = this.#openStream(response);
    void this.#sendRun(stream, runId, Number.isSafeInteger(after) ? after : 0, signal);
  }

  async #sendRun(stream: EventStream, runId: string, after: number, closed: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([closed, this.#ending]);
    let cursor = after;
    let state: "completed" | "failed" | "cancelled" | "killed" = "killed";
    try {
      for await (const watched of watchRun(this.#explored.store, runId, { after, signal })) {
        cursor = watched.cursor;
        stream.send({ type: "event", ...watched });
        if (watched.event.type === "finished") state = watched.event.state;
      }
      stream.send({ type: "end", cursor, ...{ state } });
    } catch {
      // The browser has gone, or the store cannot be read: the browser connects again.
    }
    stream.end();
  }

  #openStream(response: ServerResponse): EventStream {
    if (this.#streams >= MAX_STREAMS)
      throw new RequestRefusal("EXPLORER_BUSY", `${MAX_STREAMS} pages are open already.`, "Close some of them.");
    this.#streams += 1;
    response.once("close", () => {
      this.#streams -= 1;
    });
    return new EventStream(response);
  }
}

function lastEventId(response: ServerResponse): string | undefined {
  return response.req.headersDistinct["last-event-id"]?.[0];
}
