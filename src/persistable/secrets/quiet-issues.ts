import type { Secret } from "../../params/secret.ts";
import { secretsIn, tryReveal } from "./secrets-in.ts";

/** One problem that a schema has found in the params. */
export interface ParamsIssue {
  readonly path: string;
  readonly message: string;
}

/** A message that has this many characters of a secret in a row is taken to quote it. */
const QUOTE_LENGTH = 4;
/** The text that replaces a message which may quote a secret. */
export const QUIET = "(left out, since it may quote a secret)";

/**
 * Returns the issues without the messages that may quote a secret of the params. Such a message is
 * left out as a whole, because the code that redacts texts is not loaded when params are checked. A
 * few characters in common with a secret are enough.
 */
export function quietIssues(issues: readonly ParamsIssue[], input: unknown): readonly ParamsIssue[] {
  const texts = secretsIn(input).flatMap((secret) => formsOfSecret(secret));
  if (texts.length === 0) return issues;
  return issues.map(({ path, message }) => ({
    path: quotes(path, texts) ? "params" : path,
    message: quotes(message, texts) ? QUIET : message,
  }));
}

/** Tells whether the error that a schema has thrown may quote a secret of the params. */
export function mayQuote(thrown: unknown, input: unknown): boolean {
  const texts = secretsIn(input).flatMap((secret) => formsOfSecret(secret));
  return texts.length > 0 && quotes(wordsOf(thrown), texts);
}

function formsOfSecret(secret: Secret<unknown>): string[] {
  const value = tryReveal(secret);
  return value === undefined ? [] : formsOf(value);
}

function wordsOf(thrown: unknown): string {
  try {
    const { name, message, stack }: Partial<Error> = Object(thrown);
    return [String(thrown), name, message, stack].join(" ");
  } catch {
    return "";
  }
}

function quotes(words: string, texts: readonly string[]): boolean {
  for (const text of texts) {
    for (let at = 0; at + QUOTE_LENGTH <= text.length; at++) {
      if (words.includes(text.slice(at, at + QUOTE_LENGTH))) return true;
    }
  }
  return false;
}

function formsOf(value: unknown): string[] {
  const text = textOf(value).toWellFormed();
  const bytes = new TextEncoder().encode(text).subarray(0, MAX_BYTES);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = [0, 1, 2].map((before) => btoa("\0".repeat(before) + String.fromCharCode(...bytes)).slice(2 * before));
  return [text, JSON.stringify(text), encodeURIComponent(text), hex, hex.toUpperCase(), ...base64];
}

const MAX_BYTES = 10_000;

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
