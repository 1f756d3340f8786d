import { inspect } from "node:util";
import { serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { CredentialInParamsError } from "../../src/errors/params-errors.ts";
import { assertNoCredentials, findCredentials, SHORTEST_FORM, VALUE_FORMS } from "../../src/params/credentials.ts";
import { Secret, secret } from "../../src/params/secret.ts";

const paths = (params: unknown, allow?: readonly string[]) =>
  findCredentials(params, { allow }).map(({ path }) => path);

describe("credentials", () => {
  test.each([
    "password",
    "dbPassword",
    "db_password",
    "DB-PASSWORD",
    "passwd",
    "passphrase",
    "apiKey",
    "api_key",
    "APIKey",
    "openaiApiKey",
    "secretKey",
    "accessKey",
    "privateKey",
    "clientSecret",
    "secret",
    "authToken",
    "access_token",
    "refreshToken",
    "token",
    "authorization",
    "Authorization",
    "credentials",
    "cookie",
    "pwd",
  ])("text under %s is found", (key) => {
    expect(paths({ [key]: "abc" })).toHaveLength(1);
    expect(paths({ outer: [{ [key]: "abc" }] })).toHaveLength(1);
  });

  test.each([
    ["maxTokens", 5],
    ["tokenizer", "bert"],
    ["padToken", "<pad>"],
    ["tokens", "a b c"],
    ["cookieCutter", "star"],
    ["apiKeyName", "x"],
    ["passwordLength", "12"],
    ["secretary", "Ann"],
    ["keys", "a"],
    ["key", "a"],
    ["monkey", "x"],
    ["author", "Ann"],
    ["authority", "x"],
    ["password", ""],
    ["password", 3],
    ["password", undefined],
    ["accessKeys", 3],
    ["passThrough", "yes"],
    ["url", "https://example.com/a:b@c"],
    ["id", "sk-1"],
    ["text", "the eyJ of the beholder"],
  ])("%s: %s is none", (key, value) => {
    expect(paths({ [key]: value })).toEqual([]);
  });

  const examples: readonly (readonly [form: string, text: string])[] = [
    ["AWS", "AKIAIOSFODNN7EXAMPLE"],
    ["GitHub", `ghp_${"a1".repeat(18)}`],
    ["GitLab", `glpat-${"a1".repeat(10)}`],
    ["npm", `npm_${"a1".repeat(18)}`],
    ["Hugging Face", `hf_${"a1".repeat(15)}`],
    ["Google", `AIza${"a1".repeat(17)}b`],
    ["Stripe", `sk_live_${"a1".repeat(10)}`],
    ["model provider", `sk-proj-${"a1B2".repeat(8)}`],
    ["Slack", "xoxb-123456789012-abcdef"],
    ["PEM", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"],
    ["JWT", `eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.${"c".repeat(20)}`],
    ["URL", "postgres://ann:hunter2@db.example.com/x"],
  ];

  test("shorter texts than those that are looked at have no form of one", () => {
    for (const [pattern] of VALUE_FORMS) {
      const example = examples.find(([, text]) => pattern.test(text))?.[1] ?? expect.unreachable(String(pattern));
      const shortest = shortened(example, pattern);
      if (!shortest.includes("://")) expect(shortest.length, shortest).toBeGreaterThanOrEqual(SHORTEST_FORM);
    }
  });

  test.each(examples)("a text in the form of one (%s) is found under any key", (_form, value) => {
    expect(paths({ x: { y: [value] } })).toEqual(["params.x.y[0]"]);
    expect(paths(new Map([["x", value]]))).toHaveLength(1);
    try {
      assertNoCredentials({ x: value });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(CredentialInParamsError);
      expect(inspect(error, { depth: 9 })).not.toContain(value.slice(0, 16));
    }
  });

  test("can be allowed by key, and are not looked for in secrets, getters and proxies", () => {
    expect(paths({ token: "<s>" }, ["token"])).toEqual([]);
    expect(paths({ password: secret("abc") })).toEqual([]);
    expect(
      paths({
        get password() {
          return expect.unreachable();
        },
      }),
    ).toEqual([]);
    expect(paths(new Proxy({}, { ownKeys: () => expect.unreachable() }))).toEqual([]);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(paths(cycle)).toEqual([]);
  });
});

test("a secret shows itself to nobody but its holder", () => {
  const held = secret("canary-value");
  const shown = [
    String(held),
    `${held}`,
    JSON.stringify({ held }),
    inspect({ held }, { depth: 9, showHidden: true }),
    inspect(held, { customInspect: false, showHidden: true }),
    Object.keys(held).join(),
    JSON.stringify({ ...held }),
    JSON.stringify(structuredClone(held)),
    serialize(held).toString("latin1"),
  ];
  for (const text of shown) expect(text).not.toContain("canary");
  expect(held.reveal()).toBe("canary-value");
  expect(held).toBeInstanceOf(Secret);
});

/** Takes characters out of a text for as long as it matches. */
function shortened(text: string, pattern: RegExp): string {
  for (let i = 0; i < text.length; i++) {
    const shorter = text.slice(0, i) + text.slice(i + 1);
    if (pattern.test(shorter)) return shortened(shorter, pattern);
  }
  return text;
}
