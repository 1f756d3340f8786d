import type { Secret } from "../../params/secret.ts";
import { endOf, startOf, viewsOf } from "./decode-escapes.ts";
import { type SecretText, textsOf } from "./secret-texts.ts";

/** Takes secrets out of text. */
export type Redact = (text: string) => string;

/** The text that replaces a secret. */
export const MASK = "[secret]";
/** Fewer characters of base64 than this also occur in ordinary text. */
const MIN_BASE64_LENGTH = 6;

const redactors = new WeakMap<readonly Secret<unknown>[], Redact>();

/**
 * Returns a function that removes secrets from text before it leaves the library: as they are, as
 * hex, as base64 (also inside a longer one, as in `Basic base64(user:secret)`), and each of these
 * escaped for URLs, JSON, JavaScript or HTML, once or a few times over. An error of a third party
 * often quotes the request that it made.
 *
 * No regular expression is made from a secret, because an error about it would quote the secret.
 */
export function createRedactor(secrets: readonly Secret<unknown>[]): Redact {
  if (secrets.length === 0) return keepText;
  const known = redactors.get(secrets);
  if (known !== undefined) return known;
  let forms: readonly Form[] | undefined;
  const redact: Redact = (text) => {
    forms ??= formsOf(secrets.flatMap(textsOf));
    return mask(text, placesIn(text, forms));
  };
  redactors.set(secrets, redact);
  return redact;
}

/** The function for persistables without secrets. */
export function keepText(text: string): string {
  return text;
}

interface Form {
  readonly text: string;
  /** If true, the characters behind it may hold the last bits of the secret. */
  readonly isBase64: boolean;
}

function formsOf(texts: readonly SecretText[]): Form[] {
  const plain = new Set<string>();
  const base64 = new Set<string>();
  for (const text of texts) {
    const bytes = typeof text === "string" ? Buffer.from(text) : bufferOf(text);
    if (typeof text === "string") plain.add(text).add(text.replaceAll(" ", "+"));
    else plain.add(bytes.toString("latin1")).add(bytes.toString()).add(bytes.join(",")).add(bytes.join(", "));
    const hex = bytes.toString("hex");
    plain.add(hex).add(hex.toUpperCase());
    for (const form of base64Of(bytes)) base64.add(form).add(form.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return [
    ...[...plain].map((text) => ({ text, isBase64: false })),
    ...[...base64].map((text) => ({ text, isBase64: true })),
  ];
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Returns the base64 forms of a secret inside a longer text. Base64 makes four characters of three
 * bytes, so the number of bytes before the secret decides between three forms. Its first and last
 * characters also depend on the bytes beside it, and are left out.
 */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const own = encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
    return before > 0 && own.length < MIN_BASE64_LENGTH ? [] : [own];
  });
}

type Place = readonly [start: number, end: number];

function placesIn(text: string, forms: readonly Form[]): Place[] {
  const places: Place[] = [];
  for (const view of viewsOf(text)) {
    for (const { text: form, isBase64 } of forms) {
      for (let at = view.text.indexOf(form); at !== -1; at = view.text.indexOf(form, at + form.length)) {
        const end = at + form.length + (isBase64 ? restOfBase64(view.text, at + form.length) : 0);
        places.push([startOf(view, at), endOf(view, end - 1)]);
      }
    }
  }
  return places;
}

function restOfBase64(text: string, from: number): number {
  return /^[\w+/-]?={0,2}/.exec(text.slice(from, from + 3))?.[0].length ?? 0;
}

function mask(text: string, places: Place[]): string {
  if (places.length === 0) return text;
  places.sort(([one], [other]) => one - other);
  let masked = "";
  let from = 0;
  for (const [start, end] of places) {
    if (end <= from || isInMask(text, start, end)) continue;
    if (start >= from) masked += text.slice(from, start) + MASK;
    from = end;
  }
  return masked + text.slice(from);
}

/**
 * Tells whether a place is inside a mask, which stays as it is even if "secret" itself is a secret.
 */
function isInMask(text: string, start: number, end: number): boolean {
  if (end - start > MASK.length) return false;
  const from = Math.max(0, end - MASK.length);
  const at = text.slice(from, start + MASK.length).indexOf(MASK);
  return at !== -1 && from + at <= start;
}
