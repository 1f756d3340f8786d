import { InvalidPayloadError } from "../../src/entry/index.ts";

/** A secret with every character that anything escapes, and a part that occurs nowhere else. */
export const CANARY = 'canary "Zq7Xk2/+=&<é>\\9-vital-2c5d';

/** Signs of the canary, however it was escaped, and in base64 wherever it begins. */
const SIGNS = [
  "Zq7Xk2",
  Buffer.from(CANARY).toString("hex"),
  Buffer.from(CANARY).toString("hex").toUpperCase(),
  ...[0, 1, 2].map((before) =>
    Buffer.from(`${"-".repeat(before)}${CANARY}`)
      .toString("base64url")
      .slice(before + 1, -4),
  ),
];

export function leaksIn(text: string): string[] {
  const plain = text.replaceAll("+", "-").replaceAll("/", "_");
  return SIGNS.filter((sign) => text.includes(sign) || plain.includes(sign));
}

/** The calls that a generator may make with its secret. */
export interface CanaryContext {
  progress(done: number, total?: number, note?: string): void;
  cost(spent: Readonly<Record<string, number>>): void;
  readonly log: Record<"info" | "warn" | "error", (message: string, fields?: object) => void>;
}

type Way = (key: string, context: CanaryContext) => unknown;

function withFields(fields: object, message = "refused"): Error {
  return Object.assign(new Error(message), fields);
}

class RequestError extends Error {
  readonly request: { readonly headers: Readonly<Record<string, string>> };

  constructor(key: string) {
    super("401");
    this.name = "RequestError";
    this.request = { headers: { authorization: `Bearer ${key}` } };
  }

  toJSON(): object {
    return { message: this.message, request: this.request };
  }
}

const throwing =
  (error: (key: string) => unknown): Way =>
  (key) => {
    throw error(key);
  };

/** Each way in which a generator gives a secret away. */
export const WAYS: Readonly<Record<string, Way>> = {
  message: throwing((key) => new Error(`401: key ${key} is unknown`)),
  "several lines": throwing((key) => new Error(`401\nkey ${key}\nis unknown`)),
  "a name": throwing((key) => Object.defineProperty(new Error("x"), "name", { value: `Refused ${key}` })),
  "a code": throwing((key) => withFields({ code: `E_${key}` })),
  "a stack": throwing((key) => Object.defineProperty(new Error("x"), "stack", { value: `Error: at ${key}` })),
  "a cause": throwing((key) => new Error("outer", { cause: new Error("middle", { cause: new TypeError(key) }) })),
  "a cause of text": throwing((key) => new Error("outer", { cause: `key ${key}` })),
  "several errors": throwing((key) => new AggregateError([new Error("one"), new Error(key)], "several")),
  fields: throwing((key) => withFields({ config: { headers: { Authorization: [`Bearer ${key}`] } } })),
  "a key of a field": throwing((key) => withFields({ [key]: 1 })),
  "a class of its own": throwing((key) => new RequestError(key)),
  text: throwing((key) => `key ${key}`),
  "an object": throwing((key) => ({ status: 401, body: { key } })),
  "an object with a message": throwing((key) => ({ message: key, code: key })),
  "a symbol": throwing((key) => Symbol(key)),
  "a loop": throwing((key) => {
    const error = new Error(key);
    error.cause = new Error("again", { cause: error });
    return error;
  }),
  "a proxy": throwing((key) => new Proxy(new Error(key), {})),
  "a getter that throws": throwing((key) =>
    Object.defineProperty(new Error(key), "config", {
      enumerable: true,
      get: () => {
        throw new Error(key);
      },
    }),
  ),
  "a long message": throwing((key) => new Error(`${"x".repeat(30_000)} ${key} ${key.repeat(1000)}`)),
  "an edge of what is kept": throwing((key) => new Error(`${"x".repeat(19_990)}${key}`)),
  "a URL": throwing((key) => new Error(`GET https://example.org/?key=${encodeURIComponent(key)}&x=1`)),
  "a form": throwing((key) => new Error(`POST ${new URLSearchParams({ key })}`)),
  JSON: throwing((key) => new Error(JSON.stringify({ key }))),
  "JSON in JSON in a URL": throwing((key) => new Error(encodeURIComponent(JSON.stringify(JSON.stringify({ key }))))),
  HTML: throwing((key) => new Error(key.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"))),
  base64: throwing((key) => new Error(Buffer.from(key).toString("base64"))),
  "basic authentication": throwing((key) => new Error(`Basic ${Buffer.from(`user:${key}`).toString("base64")}`)),
  "basic authentication in a URL": throwing(
    (key) => new Error(encodeURIComponent(Buffer.from(`me:${key}:x`).toString("base64"))),
  ),
  hex: throwing((key) => new Error(Buffer.from(key).toString("hex"))),
  "an invalid payload": throwing((key) => new InvalidPayloadError(`no ${key}`, { cause: new Error(key) })),
  "a unit that is refused": (key, { cost }) => cost({ [key]: -1 }),
  units: (key, { cost }) => {
    cost({ [`tokens of ${key}`]: 3, [`tokens of ${encodeURIComponent(key)}`]: 4 });
    throw new Error("after that");
  },
  "all but an error": (key, { progress, cost, log }) => {
    progress(1, 2, `asking with ${key}`);
    cost({ [key]: 2 });
    log.info(`asked with ${key}`);
    log.warn("refused", {
      header: key,
      [key]: { deep: [key, new Map([[key, new Error(key)]])] },
      bytes: Buffer.from(key),
    });
    log.error("and so", new RequestError(key));
    return { n: 1 };
  },
};
