import { wrapperKind } from "../util/wrapper-kind.ts";

/**
 * Holds a value that only the generator may see: it is in no recipe, record, log or error, not even
 * hashed. Created by {@link secret}.
 */
export class Secret<Value = string> {
  static {
    Object.defineProperty(Secret.prototype, wrapperKind, { value: "secret" });
  }

  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
    Object.freeze(this);
  }

  reveal(): Value {
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
 * pages({ url, apiKey: secret(process.env.API_KEY) });
 * // in the definition: params: z.object({ url: z.string(), apiKey: z.instanceof(Secret) }), generate: ({ params }) => fetch(params.url, { headers: { key: params.apiKey.reveal() } })
 * ```
 */
export function secret<Value>(value: Value): Secret<Value> {
  return new Secret(value);
}
