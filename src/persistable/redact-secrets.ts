import type { Secret } from "../params/secret.ts";

const MASK = "[secret]";
/** Shorter values would blot out ordinary text. */
const MIN_LENGTH = 4;

/**
 * Removes secrets from text that is about to be written: as they are and as base64, base64url, hex, URL-encoded and inside JSON. An error of a
 * third party often quotes the request that it made.
 */
export function createRedactor(secrets: readonly Secret<unknown>[]): (text: string) => string {
  const forms = secrets.flatMap((secret) => formsOf(secret.reveal())).sort((a, b) => b.length - a.length);
  if (forms.length === 0) return (text) => text;
  return (text) => forms.reduce((redacted, form) => redacted.replaceAll(form, MASK), text);
}

function formsOf(value: unknown): string[] {
  const text =
    typeof value === "string"
      ? value
      : value instanceof Uint8Array
        ? Buffer.from(value).toString("latin1")
        : JSON.stringify(value);
  if (text === undefined || text.length < MIN_LENGTH) return [];
  const bytes = Buffer.from(text, value instanceof Uint8Array ? "latin1" : "utf8");
  const hex = bytes.toString("hex");
  const forms = [
    text,
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    hex,
    hex.toUpperCase(),
  ];
  if (text.isWellFormed()) forms.push(encodeURIComponent(text));
  forms.push(JSON.stringify(text).slice(1, -1));
  return [...new Set(forms)];
}
