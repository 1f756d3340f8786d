import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the server answers one request. */
export interface Behavior {
  /** Refuses with this status. */
  readonly status?: number;
  readonly text?: string;
  readonly finish?: "stop" | "length" | "content_filter" | "tool_calls";
  /** Calls this tool. */
  readonly tool?: { readonly name: string; readonly args: object };
  /** How a stream breaks off: by its socket, without a last event, or with an event of an error. */
  readonly cut?: "socket" | "soft" | "error";
  /** Waits before the answer, and between the parts of a stream. */
  readonly delayMs?: number;
  /** Waits for this before a whole answer, and before the last events of a stream. */
  readonly until?: Promise<unknown>;
}

export interface ModelRequest {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: each wire format has its own fields
  readonly body: any;
}

export interface ModelServer extends AsyncDisposable {
  /** Without the `/v1` that clients add. */
  readonly url: string;
  readonly requests: ModelRequest[];
  /** The requests whose socket was closed before the answer was complete. */
  readonly closed: ModelRequest[];
  /** Decides how each request is answered, by the number of the request from 1. */
  behave: (request: ModelRequest, number: number) => Behavior;
}

/**
 * A server on this machine that speaks the responses, chat completions and embeddings of OpenAI and
 * the messages of Anthropic, whole and as event streams. It says something else at each request.
 */
export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const closed: ModelRequest[] = [];
  const server = createServer((incoming, response) => {
    void answer(incoming, response);
  });
  const model: ModelServer = {
    url: "",
    requests,
    closed,
    behave: () => ({}),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const path = incoming.url ?? "";
    const request = { path, body: JSON.parse(Buffer.concat(pieces).toString() || "{}") };
    requests.push(request);
    response.on("close", () => {
      if (!response.writableEnded) closed.push(request);
    });
    const number = requests.length;
    const behavior = model.behave(request, number);
    response.setHeader("set-cookie", "session=cookie-of-the-server");
    if (behavior.delayMs !== undefined) await sleep(behavior.delayMs);
    if (behavior.status !== undefined) return refuse(response, behavior.status);
    if (path.endsWith("/embeddings")) return embed(response, request);
    const wire = wireOf(path);
    const said = { text: `answer ${number} to ${request.body.model}`, finish: "stop" as const, ...behavior };
    if (request.body.stream !== true) {
      await behavior.until;
      return send(response, wire.whole(request, said, number));
    }
    response.setHeader("content-type", "text/event-stream");
    const events = wire.events(request, said, number);
    for (const [i, event] of events.entries()) {
      if (i === events.length - 2) await behavior.until;
      if (response.destroyed) return;
      response.write(event);
      await sleep(behavior.delayMs ?? 0);
    }
    if (behavior.cut === "socket") response.destroy();
    else response.end();
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(model, { url: `http://127.0.0.1:${port}` });
}

interface Said extends Behavior {
  readonly text: string;
  readonly finish: NonNullable<Behavior["finish"]>;
}

interface Wire {
  whole(request: ModelRequest, said: Said, number: number): object;
  events(request: ModelRequest, said: Said, number: number): string[];
}

function wireOf(path: string): Wire {
  if (path.endsWith("/messages")) return anthropic;
  return path.endsWith("/responses") ? openaiResponses : openai;
}

/** The newer interface of OpenAI, as far as texts go. */
const openaiResponses: Wire = {
  whole({ body }, { text }, number) {
    const content = [{ type: "output_text", text, annotations: [] }];
    return {
      ...responseHead(body.model, number),
      output: [{ type: "message", id: `msg-${number}`, role: "assistant", content }],
      usage: responseUsage,
    };
  },
  events({ body }, { text, finish, cut }, number) {
    const event = (type: string, fields: object): string => data({ type, ...fields });
    const item = { type: "message", id: `msg-${number}` };
    const begun = [
      event("response.created", { response: responseHead(body.model, number) }),
      event("response.output_item.added", { output_index: 0, item }),
      ...text.split(/(?<= )/).map((delta) => event("response.output_text.delta", { item_id: item.id, delta })),
    ];
    const error = { type: "server_error", code: "overloaded", message: "Overloaded", param: null };
    if (cut === "error") return [...begun, event("error", { sequence_number: begun.length, error })];
    if (cut !== undefined) return begun;
    const reason = finish === "length" ? "max_output_tokens" : finish;
    const end = finish === "stop" ? { type: "completed" } : { type: "incomplete", incomplete_details: { reason } };
    const { type, ...details } = end;
    const response = { ...responseHead(body.model, number), ...details, usage: responseUsage };
    return [
      ...begun,
      event("response.output_item.done", { output_index: 0, item }),
      event(`response.${type}`, { response }),
    ];
  },
};

function responseHead(model: string, number: number): object {
  return { id: `resp-${number}`, created_at: 1_700_000_000 + number, model: `${model}-2026`, incomplete_details: null };
}

const responseUsage = {
  ...{ input_tokens: 11, input_tokens_details: { cached_tokens: 3 } },
  ...{ output_tokens: 8, output_tokens_details: { reasoning_tokens: 2 } },
};

const openai: Wire = {
  whole({ body }, { text, finish, tool }, number) {
    const message = tool === undefined ? { content: text } : { content: null, tool_calls: [toolCall(tool, number)] };
    return {
      id: `chatcmpl-${number}`,
      object: "chat.completion",
      created: 1_700_000_000 + number,
      model: `${body.model}-2026`,
      choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finish }],
      usage: usage(),
    };
  },
  events({ body }, { text, finish, tool, cut }, number) {
    const head = {
      id: `chatcmpl-${number}`,
      object: "chat.completion.chunk",
      created: 1_700_000_000,
      model: body.model,
    };
    const chunk = (delta: object, finish_reason: string | null = null): string =>
      data({ ...head, choices: [{ index: 0, delta, finish_reason }] });
    const said =
      tool === undefined
        ? text.split(/(?<= )/).map((word) => chunk({ content: word }))
        : [chunk({ tool_calls: [{ index: 0, ...toolCall(tool, number) }] })];
    const begun = [chunk({ role: "assistant", content: "" }), ...said];
    if (cut === "error")
      return [...begun, data({ error: { message: "overloaded", type: "server_error", code: null } })];
    if (cut !== undefined) return begun;
    return [...begun, chunk({}, finish), data({ ...head, choices: [], usage: usage() }), "data: [DONE]\n\n"];
  },
};

const STOP_REASONS = {
  stop: "end_turn",
  length: "max_tokens",
  content_filter: "refusal",
  tool_calls: "tool_use",
} as const;

const anthropic: Wire = {
  whole({ body }, { text, finish, tool }, number) {
    const content =
      tool === undefined
        ? { type: "text", text }
        : { type: "tool_use", id: `tool-${number}`, name: tool.name, input: tool.args };
    return {
      id: `msg_${number}`,
      type: "message",
      role: "assistant",
      model: body.model,
      content: [content],
      stop_reason: STOP_REASONS[finish],
      stop_sequence: null,
      usage: { input_tokens: 11, output_tokens: 8, cache_read_input_tokens: 3, cache_creation_input_tokens: 0 },
    };
  },
  events({ body }, { text, finish, cut }, number) {
    const event = (type: string, fields: object): string => `event: ${type}\n${data({ type, ...fields })}`;
    const message = {
      ...{ id: `msg_${number}`, type: "message", role: "assistant", model: body.model, content: [] },
      ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 11, output_tokens: 1 } },
    };
    const begun = [
      event("message_start", { message }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      ...text
        .split(/(?<= )/)
        .map((word) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text: word } })),
    ];
    if (cut === "error")
      return [...begun, event("error", { error: { type: "overloaded_error", message: "Overloaded" } })];
    if (cut !== undefined) return begun;
    return [
      ...begun,
      event("content_block_stop", { index: 0 }),
      event("message_delta", {
        delta: { stop_reason: STOP_REASONS[finish], stop_sequence: null },
        usage: { output_tokens: 8 },
      }),
      event("message_stop", {}),
    ];
  },
};

function toolCall({ name, args }: NonNullable<Behavior["tool"]>, number: number): object {
  return { id: `call-${number}`, type: "function", function: { name, arguments: JSON.stringify(args) } };
}

function usage(): object {
  return {
    prompt_tokens: 11,
    completion_tokens: 8,
    total_tokens: 19,
    prompt_tokens_details: { cached_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 2 },
  };
}

/** The vector of a text depends on nothing but the text. */
function embed(response: ServerResponse, { body }: ModelRequest): void {
  const texts: string[] = [body.input].flat();
  const vectorOf = (text: string): number[] =>
    [0, 1, 2, 3].map(
      (i) =>
        (Number.parseInt(
          Buffer.from(`${text}...`)
            .toString("hex")
            .slice(i, i + 6),
          16,
        ) /
          7) *
        1e-7,
    );
  send(response, {
    object: "list",
    model: body.model,
    data: texts.map((text, index) => ({ object: "embedding", index, embedding: vectorOf(text) })),
    usage: { prompt_tokens: texts.length * 2, total_tokens: texts.length * 2 },
  });
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  // The clients wait before they try again, which a test does not want.
  response.setHeader("retry-after-ms", "1");
  const error = { message: `refused with ${status}`, type: "server_error", code: null, param: null };
  send(response, { type: "error", error });
}

function send(response: ServerResponse, json: object): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(json));
}

function data(json: object): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0) setImmediate(resolve);
    else setTimeout(resolve, ms);
  });
}
