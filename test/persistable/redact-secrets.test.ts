import { describe, expect, test } from "vitest";
import { secret } from "../../src/entry/index.ts";
import { createRedactor } from "../../src/persistable/secrets/redact-secrets.ts";

const KEY = 'ké"y/+\\n & <1> 💡';

function redacted(value: unknown, text: string): string {
  return createRedactor([secret(value)])(text);
}

describe("a secret in text", () => {
  const forms: Record<string, string> = {
    raw: KEY,
    JSON: JSON.stringify(KEY).slice(1, -1),
    "JSON in JSON in JSON": JSON.stringify(JSON.stringify(JSON.stringify(KEY))).slice(7, -7),
    "JSON of ASCII": Array.from(
      { length: KEY.length },
      (_, i) => `\\u${KEY.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
    "code points": Array.from(KEY, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`).join(""),
    URL: encodeURIComponent(KEY),
    "URL in lower case": encodeURIComponent(KEY).toLowerCase().replace("%f0%9f%92%a1", "%F0%9f%92%A1"),
    "URL three times": encodeURIComponent(encodeURIComponent(encodeURIComponent(KEY))),
    "path of a URL": encodeURI(KEY),
    form: new URLSearchParams([["", KEY]]).toString().slice(1),
    "every byte percent-encoded": Array.from(Buffer.from(KEY), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(
      "",
    ),
    HTML: KEY.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&#34;"),
    "HTML in numbers": Array.from(KEY, (char) => `&#x${char.codePointAt(0)?.toString(16)};`).join(""),
    "URL of JSON": encodeURIComponent(JSON.stringify(KEY).slice(1, -1)),
    "JSON of a URL": JSON.stringify(`\\${encodeURIComponent(KEY)}`).slice(3, -1),
    base64: Buffer.from(KEY).toString("base64"),
    base64url: Buffer.from(KEY).toString("base64url"),
    "base64 in a URL": encodeURIComponent(Buffer.from(KEY).toString("base64")),
    hex: Buffer.from(KEY).toString("hex"),
    HEX: Buffer.from(KEY).toString("hex").toUpperCase(),
  };

  test.each(Object.entries(forms))("is masked as %s, and what is around it stays", (_, form) => {
    expect(redacted(KEY, `before ${form} after ${form}.`)).toBe("before [secret] after [secret].");
  });

  test("is masked inside a longer base64, wherever it begins", () => {
    for (const user of ["", "u", "us", "use", "user"]) {
      const text = redacted(KEY, Buffer.from(`${user}${KEY}:${user}`).toString("base64"));
      expect(text).toContain("[secret]");
      expect(Buffer.from(text.replace("[secret]", ""), "base64").toString("latin1")).not.toMatch(/1>|" y/);
    }
  });

  test("is masked once, also where it is part of what stands for it, or of another secret", () => {
    const redact = createRedactor([secret("secret"), secret("a secret key"), secret("key")]);
    const once = redact("a secret key is a key, [secret] is secret");
    expect(once).toBe("[secret] is a key, [secret] is [secret]");
    expect(redact(once)).toBe(once);
    expect(createRedactor([secret("abcdef"), secret("cdefghij")])("xabcdefghijx")).toBe("x[secret]x");
  });
});

test.each([
  ["a number", 12_345_678, "pin 12345678", "pin [secret]"],
  ["a bigint", 2n ** 70n, `n ${2n ** 70n}`, "n [secret]"],
  ["an object", { user: "admin", auth: [{ password: "hunter22" }] }, "admin:hunter22", "[secret]:[secret]"],
  ["a map in a set", new Set([new Map([["key", "hunter22"]])]), "with hunter22", "with [secret]"],
  ["a URL", new URL("https://me:p%40ss-word@example.org/"), "no p@ss-word for me", "no [secret] for me"],
  ["the text of a URL", "postgres://me:pass-word@host/db", "password pass-word of host", "password [secret] of host"],
  ["a key from a file", "key-12345\n", "key key-12345!", "key [secret]!"],
  ["a line of a key", "-----BEGIN KEY-----\nMIIEvgIBADANBg\n-----END KEY-----\n", "at MIIEvgIBADANBg", "at [secret]"],
  ["bytes", Buffer.from("kéy-bytes"), "kéy-bytes", "[secret]"],
  ["bytes as numbers", Uint8Array.of(1, 2, 3, 250), "got 1,2,3,250", "got [secret]"],
  ["bytes in an object", { key: Uint8Array.of(250, 251, 252, 253) }, "+vv8/Q==", "[secret]"],
])("%s as a secret is masked", (_, value, text, expected) => {
  expect(redacted(value, text)).toBe(expected);
});

test.each([undefined, null, true, "abc", "", Symbol("x"), () => 1, Number.NaN])(
  "%s as a secret masks nothing",
  (value) => {
    expect(redacted(value, "undefined null true abc NaN () => 1")).toBe("undefined null true abc NaN () => 1");
  },
);

test("an object that leads back to itself is searched once", () => {
  const loop: Record<string, unknown> = { key: "hunter22" };
  loop.self = loop;
  expect(redacted(loop, "with hunter22")).toBe("with [secret]");
});

test("hundreds of secrets, long ones and hostile texts are no problem", () => {
  const many = Array.from({ length: 300 }, (_, i) => secret(`${crypto.randomUUID()}${crypto.randomUUID()}${i}`));
  const redact = createRedactor([...many, secret("x".repeat(5000)), secret('\\\\"\\\\"\\')]);
  expect(redact(`a ${many[250]?.reveal()} b`)).toBe("a [secret] b");
  expect(redact(`${"x".repeat(4999)} ${"x".repeat(5000)}`)).toBe(`${"x".repeat(4999)} [secret]`);
  for (const hostile of ["\\", "%", "&amp;", "%25", '\\"', "x"]) {
    const text = hostile.repeat(20_000);
    expect(createRedactor([secret('no\\"%such&thing')])(text)).toBe(text);
  }
});
