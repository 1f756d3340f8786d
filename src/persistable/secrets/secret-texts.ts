import { Secret } from "../../params/secret.ts";
import { tryReveal, valuesIn } from "./secrets-in.ts";

/** One form of a secret that is searched for: a text, or bytes, which may be shown in many ways. */
export type SecretText = string | Uint8Array;

/** Shorter values would also mask ordinary text. */
const MIN_LENGTH = 4;
/** A line of a key may be quoted alone; a line shorter than this may be ordinary text. */
const MIN_LINE_LENGTH = 8;

/**
 * Returns every text that gives a secret away. If the secret is an object, each of its parts does.
 */
export function textsOf(secret: Secret<unknown>): SecretText[] {
  const texts: SecretText[] = [];
  const revealed = tryReveal(secret);
  for (const value of valuesIn(revealed)) {
    if (typeof value === "string") texts.push(...textsOfString(value));
    else if (typeof value === "number" || typeof value === "bigint") texts.push(String(value));
    else if (value instanceof URL) texts.push(...textsOfString(value.href));
    else if (value instanceof ArrayBuffer) texts.push(new Uint8Array(value));
    else if (ArrayBuffer.isView(value)) texts.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    else if (value instanceof Secret) texts.push(...textsOf(value));
  }
  const whole = jsonOf(revealed);
  if (whole !== undefined) texts.push(whole);
  return texts.filter(({ length }) => length >= MIN_LENGTH);
}

/**
 * Returns the parts of a text that are secret, too. A file with a key ends with a line break that
 * is not sent with the key, and a URL may hold a password.
 */
function textsOfString(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const longLines = lines.length === 1 ? [] : lines.filter((line) => line.length >= MIN_LINE_LENGTH);
  return [text, text.trim(), ...longLines, ...passwordsIn(text)];
}

function passwordsIn(text: string): string[] {
  if (!text.includes("://") || !URL.canParse(text)) return [];
  const { password } = new URL(text);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function jsonOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Secret || value instanceof URL || ArrayBuffer.isView(value)) return undefined;
  try {
    const json: unknown = JSON.stringify(value);
    return typeof json === "string" ? json : undefined;
  } catch {
    return undefined;
  }
}
