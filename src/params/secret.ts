import { wrapperKind } from "../util/wrapper-kind.ts";

/**
 * Holds a value that only the generator may see: it is in no recipe, record, log or error, not even
 * hashed. Created by {@link secret}.
 *
 * @example
 * ```ts
 * import { definePersistable, Secret, typedParams } from "persistable-ts";
 *
 * definePersistable({
 *   name: "pages",
 *   params: typedParams<{ url: string; apiKey: Secret }>(),
 *   generate: async ({ params }) => (await fetch(params.url, { headers: { key: params.apiKey.reveal() } })).text(),
 * });
 * ```
 */
export class Secret<Value = string> {
  static {
    Object.defineProperty(Secret.prototype, wrapperKind, { value: "secret" });
  }

  readonly #value: Value;
  /** The variable of the environment that it was read from, by `secret.env`. */
  readonly variable: string | undefined;

  constructor(value: Value, variable?: string) {
    this.#value = value;
    this.variable = variable;
    Object.freeze(this);
  }

  /** @throws TypeError if the environment of this process lacks the variable */
  reveal(): Value {
    if (this.#value === undefined && this.variable !== undefined)
      throw new TypeError(`The environment of this process has no ${this.variable}: set it where generators run.`);
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.toPrimitive](): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

/**
 * Wraps a password, key or token that is given as a parameter.
 *
 * @example
 * ```ts
 * import { secret } from "persistable-ts";
 * import { pages } from "./pipeline.ts";
 *
 * pages({ url: "https://example.com", apiKey: secret(process.env.API_KEY ?? "") });
 * ```
 */
export function secret<Value>(value: Value): Secret<Value> {
  return new Secret(value);
}

/**
 * Wraps the value of a variable of the environment. A distributed run queues only the name of the
 * variable, and each worker reads the value from its own environment. Such a run refuses every
 * other secret.
 *
 * @example
 * ```ts
 * import { secret } from "persistable-ts";
 * import { pages } from "./pipeline.ts";
 *
 * pages({ url: "https://example.com", apiKey: secret.env("API_KEY") });
 * ```
 */
secret.env = function env(variable: string): Secret {
  // If the variable is missing, only `reveal` says so: only a process that generates needs the
  // value.
  return new Secret(process.env[variable] as string, variable);
};
