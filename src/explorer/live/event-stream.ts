import type { ServerResponse } from "node:http";
import { SAFE_HEADERS, visibleJson } from "../http/respond.ts";

/** A proxy, and some browsers, end a connection on which nothing comes. */
const BEAT_MS = 15_000;
/** A browser that does not read gets no more, and connects again when it reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1000;

/** A stream of server-sent events to one browser. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, { ...SAFE_HEADERS, "content-type": "text/event-stream; charset=utf-8" });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const beat = setInterval(() => response.write(":\n\n"), BEAT_MS);
    response.once("close", () => clearInterval(beat));
  }

  send(event: { readonly type: string; readonly cursor: string | number }): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
    else response.write(`event: ${event.type}\nid: ${event.cursor}\ndata: ${visibleJson(event)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }
}
