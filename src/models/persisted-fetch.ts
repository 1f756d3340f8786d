import { messageOf } from "../errors/error-kind.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { workKeyOf } from "../persistable/context/wait-graph.ts";
import { LiveStream } from "../persistable/load/live-stream.ts";
import type { PersistableOptions } from "../persistable/persistable.ts";
import { tryParseJson } from "../util/json/checks.ts";
import { defineCalls, LiveCall } from "./call-definition.ts";
import { judgeResponse } from "./judge-response.ts";
import { type CallMode, checkCallOptions } from "./model-options.ts";
import { type CallMark, isUnpersistable, OpenCall } from "./open-call.ts";
import { followStream, leavableSignal, SharedStreams } from "./shared-stream.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How calls of an SDK that accepts a `fetch` are persisted. */
export interface FetchOptions extends Omit<PersistableOptions, "memory" | "limits"> {
  /** By default `"auto"`, see `CallMode`; `"refresh"` does not exist here. */
  readonly mode?: Exclude<CallMode, "refresh"> | undefined;
  /** Headers that count; by default those that choose the version of an interface. */
  readonly keyHeaders?: readonly string[] | undefined;
  /** Sends the requests that are not answered from the store; the global `fetch` by default. */
  readonly fetch?: Fetch | undefined;
}

const KEY_HEADERS = ["anthropic-version", "anthropic-beta", "openai-beta"];
/** Credentials that some interfaces take in the URL. */
const KEYS_IN_URL = ["key", "api-key", "api_key"];
/** The headers of an answer that are kept. Cookies and rate limits of that moment are not kept. */
const KEPT_HEADERS = ["content-type", "request-id", "x-request-id", "openai-model", "openai-version"];
/** An SDK decides by these headers whether to try again. */
const RETRY_HEADERS = ["retry-after", "retry-after-ms", "x-should-retry"];

/** A piece of text, or bytes if the body is not text, such as speech. */
type Piece = string | Uint8Array;

/** The payload: the same for an answer that came whole and for a stream of events. */
interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
}

class AskedFetch extends LiveCall {
  readonly send: (signal: AbortSignal) => Promise<Response>;
  readonly body: unknown;
  live: LiveResponse;

  constructor(send: AskedFetch["send"], body: unknown, live: LiveResponse) {
    super();
    this.send = send;
    this.body = body;
    this.live = live;
  }
}

type Head = Omit<StoredResponse, "pieces">;

/** A response whose body is still coming, for any number of readers. */
class LiveResponse {
  readonly pieces = new LiveStream<Piece>(Number.POSITIVE_INFINITY);
  begin: (head: Head) => void = () => {};
  /** Resolves when status and headers are there. */
  readonly begun = new Promise<Head>((resolve) => {
    this.begin = resolve;
  });
}

const responses = defineCalls(
  "model_response",
  AskedFetch,
  async (asked, context) => {
    const { signal, keep } = context;
    asked.hasAsked = true;
    const { live } = asked;
    try {
      const response = await asked.send(signal);
      const names = response.ok ? KEPT_HEADERS : [...KEPT_HEADERS, ...RETRY_HEADERS];
      const headers = Object.fromEntries(names.map((name) => headerOf(response.headers, name)).filter(isSet));
      const head: Head = { status: response.status, headers };
      live.begin(head);
      const pieces: Piece[] = [];
      for await (const piece of piecesOf(response)) {
        pieces.push(piece);
        live.pieces.push(piece);
      }
      const { why, amounts } = judgeResponse(response.ok, pieces.join(""), asked.body);
      asked.spend(context, amounts);
      asked.why = why;
      if (why !== undefined) keep(false, why);
      return { ...head, pieces };
    } finally {
      live.pieces.end();
    }
  },
  () => ({}),
);

/** The responses that are under way in this process, by the key of their work. */
const underWay = new SharedStreams<LiveResponse>(({ pieces }) => pieces.isOver);

/**
 * Makes a `fetch` that persists the calls of an SDK: each JSON request to the same address is sent
 * once, and its response is loaded from then on, also a stream of events. A response that failed,
 * broke off or was filtered is handed out, but not kept. Other requests pass through.
 *
 * @throws {@link DefinitionError} for an option that does not exist
 *
 * @example
 * ```ts
 * import OpenAI from "openai";
 * import { persistedFetch } from "persistable-ts/fetch";
 *
 * const client = new OpenAI({ fetch: persistedFetch({ dataDir: "data" }) });
 * ```
 */
export function persistedFetch(options: FetchOptions = {}): Fetch {
  checkCallOptions("persistedFetch", options, KNOWN_OPTIONS);
  const { fetch: send = globalThis.fetch, mode = "auto" } = options;
  return async (input, init) => {
    if (mode === "off") return send(input, init);
    const request = readRequest(input, init, options.keyHeaders ?? KEY_HEADERS);
    if (request === undefined) return send(input, init);
    const asked = new AskedFetch((signal) => send(input, { ...init, signal }), request.body, new LiveResponse());
    try {
      return await respond(request.params, asked, init?.signal ?? undefined, options, mode);
    } catch (error) {
      if (isUnpersistable(error) && !asked.hasAsked && mode !== "replay") return send(input, init);
      throw error;
    }
  };
}

interface JsonRequest {
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Returns the parts of a request that belong to its key; `undefined` if it cannot be persisted. */
function readRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  keyHeaders: readonly string[],
): JsonRequest | undefined {
  if (input instanceof Request || init?.method?.toUpperCase() !== "POST" || typeof init.body !== "string")
    return undefined;
  const body = tryParseJson(init.body);
  if (body === undefined) return undefined;
  const url = new URL(input);
  for (const name of KEYS_IN_URL) url.searchParams.delete(name);
  const given = new Headers(init.headers);
  const headers = Object.fromEntries(keyHeaders.map((name) => headerOf(given, name)).filter(isSet));
  return { params: { method: "POST", url: url.href, body, headers }, body };
}

async function respond(
  params: JsonRequest["params"],
  asked: AskedFetch,
  given: AbortSignal | undefined,
  options: FetchOptions,
  mode: "auto" | "replay",
): Promise<Response> {
  const call = new OpenCall(responses, params, asked, options);
  const found = await call.find(given);
  if (found !== undefined) return replay(found.payload, call.mark("store"));
  if (mode === "replay") return call.refuseMiss().catch(asRefusal);
  call.refuseCredentials();
  const joined = underWay.join(workKeyOf(call.state), () => asked.live);
  asked.live = joined.live;
  const { signal, leave } = leavableSignal(given, "response");
  const work = call.obtain(signal);
  work.then(joined.leave, joined.leave);
  const { begun, pieces } = joined.live;
  const head = await Promise.race([work.then(() => undefined), begun]);
  if (head === undefined) return replay(await work, call.mark("other"));
  const stream = followStream({ reader: pieces.read(work), work, give: asBytes, leave });
  return new Response(stream, headOf(head, call.mark("other")));
}

function replay(payload: unknown, mark: CallMark): Response {
  if (!isStored(payload)) throw new TypeError("The payload of a request is not a response.");
  const { pieces } = payload;
  let position = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[position++];
      if (piece === undefined) controller.close();
      else controller.enqueue(asBytes(piece));
    },
  });
  return new Response(stream, headOf(payload, mark));
}

/**
 * The headers say where the response came from (the store, another call, or the model), when a
 * stored one was made, and what it has cost.
 */
function headOf({ status, headers }: Head, { source, createdAt, cost }: CallMark): ResponseInit {
  const made = {
    "x-persistable": source,
    ...(createdAt === undefined ? {} : { "x-persistable-created-at": createdAt }),
    ...(cost === undefined ? {} : { "x-persistable-cost": JSON.stringify(cost) }),
  };
  return { status, headers: { ...headers, ...made } };
}

/**
 * Returns an error as a response. If `fetch` threw it, an SDK would take it for a network error and
 * try again.
 */
function asRefusal(error: unknown): Response {
  const body = { type: "error", error: { type: "not_persisted", message: messageOf(error) } };
  return new Response(JSON.stringify(body), {
    status: 404,
    headers: { "content-type": "application/json", "x-should-retry": "false" },
  });
}

async function* piecesOf(response: Response): AsyncGenerator<Piece> {
  const isText = /json|text|event-stream/.test(response.headers.get("content-type") ?? "");
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const piece = isText ? decoder.decode(bytes, { stream: true }) : new Uint8Array(bytes);
    if (piece.length > 0) yield piece;
  }
  const last = isText ? decoder.decode() : "";
  if (last !== "") yield last;
}

function asBytes(piece: Piece): Uint8Array {
  return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
}

function isStored(payload: unknown): payload is StoredResponse {
  return typeof payload === "object" && payload !== null && "pieces" in payload && Array.isArray(payload.pieces);
}

function headerOf(headers: Headers, name: string): readonly [string, string | null] {
  return [name.toLowerCase(), headers.get(name)];
}

function isSet(entry: readonly [string, string | null]): entry is [string, string] {
  return entry[1] !== null;
}

const KNOWN_OPTIONS = ["mode", "draw", "keyHeaders", "fetch", "dataDir", "logger", "log", "verbose", "onEvent"];
