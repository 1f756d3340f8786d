import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { secret } from "../../src/entry/index.ts";
import { cleanValue } from "../../src/persistable/secrets/clean-value.ts";
import { describeThrown } from "../../src/persistable/secrets/describe-thrown.ts";
import { createRedactor, keepText } from "../../src/persistable/secrets/redact-secrets.ts";

const KEY = "hunter22-key";
const redact = createRedactor([secret(KEY)]);

function throwingProxy(): object {
  const fail = (): never => {
    throw new Error("not for you");
  };
  return new Proxy(new Error("x"), {
    get: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
    has: fail,
  });
}

const { proxy: revoked, revoke } = Proxy.revocable(new Error("x"), {});
revoke();

test.each([
  ["text", "no", { name: "string", message: "no" }],
  ["nothing", undefined, { name: "undefined", message: "undefined" }],
  ["null", null, { name: "null", message: "null" }],
  ["a symbol", Symbol("no"), { name: "symbol", message: "Symbol(no)" }],
  ["a number", 5, { name: "number", message: "5" }],
  ["an object", { status: 401 }, { name: "object", message: '{"status":401}', fields: { status: 401 } }],
  [
    "an object without a prototype",
    Object.assign(Object.create(null), { a: 1n }),
    { name: "object", message: '{"a":"1"}' },
  ],
  ["an error of another realm", runInNewContext("new TypeError('no')"), { name: "TypeError", message: "no" }],
  ["an error of the platform", new DOMException("no", "AbortError"), { name: "AbortError", message: "no" }],
  ["a secret", secret(KEY), { name: "object", message: "[secret]" }],
  [
    "a cause that is no error",
    new Error("x", { cause: { why: "no" } }),
    { cause: { name: "object", message: '{"why":"no"}' } },
  ],
  ["a code that is a number", Object.assign(new Error("x"), { code: 14 }), { message: "x", fields: { code: 14 } }],
  [
    "an AggregateError",
    new AggregateError(["one", new Error("two")], "x"),
    { errors: [{ message: "one" }, { message: "two" }] },
  ],
])("%s is described", (_, thrown, expected) => {
  expect(describeThrown(thrown, redact)).toMatchObject(expected);
});

test("nothing that is thrown makes describing it throw", () => {
  const getters = Object.defineProperties(Object.create(Error.prototype) as Error, {
    message: {
      get: () => {
        throw new Error("no");
      },
    },
    name: {
      get: () => {
        throw new Error("no");
      },
    },
    stack: {
      get: () => {
        throw new Error("no");
      },
    },
    extra: {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    },
  });
  const loop = new Error("loop");
  loop.cause = new Error("inner", { cause: new AggregateError([loop], "several", { cause: loop }) });
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = { deep };
  const endless = new Error("endless");
  Object.defineProperty(endless, "cause", {
    get: () => Object.defineProperty(new Error("next"), "cause", { get: () => endless.cause }),
  });
  const odd = [
    throwingProxy(),
    revoked,
    getters,
    loop,
    { deep },
    Object.assign(new Error("x"), { deep }),
    endless,
    { toString: 5, toJSON: 5 },
  ];
  for (const thrown of odd) {
    const described = describeThrown(thrown, redact);
    expect(typeof described.name).toBe("string");
    expect(typeof described.message).toBe("string");
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
    expect(structuredClone(described)).toEqual(described);
    expect(() => cleanValue(thrown, redact)).not.toThrow();
  }
});

test("its size is bounded, whatever is thrown, and a secret at the edge is gone before it is cut", () => {
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, "x".repeat(10_000)]));
  const error = Object.assign(new Error(`${"y".repeat(19_995)}${KEY}`), { wide, list: new Array(1e6).fill(wide) });
  error.cause = new AggregateError(new Array(1000).fill(error), "z".repeat(2_000_000));
  const described = describeThrown(error, redact);
  expect(described.message).toBe(`${"y".repeat(19_995)}[secr`);
  expect(JSON.stringify(described).length).toBeLessThan(2_000_000);
});

test("control characters in it are written out, and line breaks stay", () => {
  const error = new Error("\u001b[31mred\u001b[0m\nnext \u202etxt");
  expect(describeThrown(error, keepText)).toMatchObject({ message: "\\u001b[31mred\\u001b[0m\nnext \\u202etxt" });
});

test("a value without a secret is handed on as it is", () => {
  const value = {
    list: [1, new Date(0), new Map([["a", new Set(["b"])]])],
    error: new Error("x"),
    bytes: Buffer.from("b"),
  };
  expect(cleanValue(value, redact)).toBe(value);
  expect(cleanValue(new Array(1e6).fill(KEY), keepText)).toHaveLength(1e6);
});

test("a value that is too large, too deep or hidden is not handed on, since a secret may be in it", () => {
  let deep: unknown = KEY;
  for (let i = 0; i < 50_000; i++) deep = { deep };
  const endless = { toJSON: () => ({ toJSON: endless.toJSON, key: KEY }) };
  const large = { list: [...new Array(20_000).fill("x"), KEY], proxy: new Proxy({ key: KEY }, {}), deep, endless };
  expect(JSON.stringify(cleanValue(large, redact))).not.toContain(KEY);
});

test("a value with one is copied, in its kind", () => {
  class Client {
    readonly headers = { authorization: `Bearer ${KEY}` };
    readonly at = 5;
  }
  class Refused extends Error {
    override readonly name = "Refused";
    readonly status = 401;
  }
  const value = {
    [KEY]: [KEY, 12, { at: new Map([[KEY, new Set([KEY])]]) }],
    client: new Client(),
    error: new Refused(`no ${KEY}`, { cause: new RangeError(KEY) }),
    bytes: Buffer.from(`x${KEY}`),
    hidden: { toJSON: () => KEY },
    key: secret(KEY),
  };
  const copy = cleanValue(value, redact) as Record<string, unknown> & typeof value;
  expect(copy["[secret]"]).toEqual(["[secret]", 12, { at: new Map([["[secret]", new Set(["[secret]"])]]) }]);
  expect(copy.client).toEqual({ headers: { authorization: "Bearer [secret]" }, at: 5 });
  expect(copy.error).toBeInstanceOf(Refused);
  expect(copy.error).toMatchObject({
    name: "Refused",
    message: "no [secret]",
    status: 401,
    cause: { message: "[secret]" },
  });
  expect(copy.error.cause).toBeInstanceOf(RangeError);
  expect(copy.bytes).toBe("[secret]");
  expect(JSON.stringify(copy)).not.toContain(KEY);
  expect(value.client.headers.authorization).toContain(KEY);
});
