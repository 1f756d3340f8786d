import type { ServerResponse } from "node:http";
import { visibleText } from "../../errors/visible-text.ts";
import type { ErrorAnswer } from "../shapes/common.ts";
import type { RequestRefusal } from "./request-refusal.ts";
import { visible } from "./visible.ts";

/** The headers of every response: nothing is loaded from elsewhere, kept, framed or guessed. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

export const JSON_TYPE = "application/json; charset=utf-8";

export function respond(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...SAFE_HEADERS, "content-length": String(bytes.length), ...headers }).end(bytes);
}

export function respondJson(response: ServerResponse, answer: unknown): void {
  respond(response, 200, visibleJson(answer), { "content-type": JSON_TYPE });
}

/** A page gets the refusal as text, and everything else as JSON. */
export function respondRefusal(response: ServerResponse, refusal: RequestRefusal, isApi: boolean): void {
  const { code, message, hint, status } = refusal;
  const body = isApi ? visibleJson({ error: errorOf(refusal) }) : `${visibleText(message)}\n${visibleText(hint)}\n`;
  respond(response, status, body, {
    "content-type": isApi ? JSON_TYPE : "text/plain; charset=utf-8",
    ...(code === "EXPLORER_READ_ONLY" ? { allow: "GET, HEAD" } : {}),
    ...(code === "EXPLORER_BUSY" ? { "retry-after": "1" } : {}),
    // The rest of a request that is refused is not read.
    ...(status >= 400 && status !== 404 && status !== 422 ? { connection: "close" } : {}),
  });
}

function errorOf({ code, message, hint, position }: RequestRefusal): ErrorAnswer["error"] {
  return { code, message, hint, ...(position === undefined ? {} : { position }) };
}

/** Writes an answer as JSON whose texts can be shown. */
export function visibleJson(answer: unknown): string {
  return JSON.stringify(visible(answer));
}
