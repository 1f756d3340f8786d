import { CredentialInParamsError } from "../errors/params-errors.ts";
import { formatPath } from "../errors/value-path.ts";
import { isPlainOfAnyRealm } from "../util/fields-of.ts";
import { isProxy } from "../util/is-proxy.ts";

export interface FoundCredential {
  /** The position, as in `params.auth.password`. */
  readonly path: string;
  readonly key: string;
  /** The reason, without the value. */
  readonly why: string;
}

export interface CredentialOptions {
  /** Keys that look like credentials and are not. */
  readonly allow?: readonly string[] | undefined;
  readonly root?: string | undefined;
}

/**
 * Text under a key that ends with these words, in any spelling (`apiKey`, `api_key`, `API-KEY`),
 * counts as a credential.
 */
const KEY_PHRASES: readonly (readonly string[])[] = [
  ["password"],
  ["passwd"],
  ["passphrase"],
  ["passcode"],
  ["api", "key"],
  ["apikey"],
  ["secret", "key"],
  ["access", "key"],
  ["private", "key"],
  ["client", "secret"],
  ["secret"],
  ["auth", "token"],
  ["access", "token"],
  ["refresh", "token"],
  ["bearer", "token"],
  ["session", "token"],
  ["api", "token"],
  ["authorization"],
  ["credential"],
  ["credentials"],
  ["set", "cookie"],
];
/**
 * These are credentials only when they are the whole key: `padToken` and `cookieCutter` are not.
 */
const WHOLE_KEYS = new Set(["token", "cookie", "cookies", "pwd", "bearer"]);
/** `fetch` takes these values under `credentials`. */
const HARMLESS_VALUES = new Set(["include", "same-origin", "omit"]);

export const VALUE_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an AWS access key"],
  [/\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}/, "a GitHub token"],
  [/\bglpat-[A-Za-z0-9_-]{20,}/, "a GitLab token"],
  [/\bnpm_[A-Za-z0-9]{36}\b/, "an npm token"],
  [/\bhf_[A-Za-z0-9]{30,}\b/, "a Hugging Face token"],
  [/\bAIza[A-Za-z0-9_-]{35}/, "a Google API key"],
  [/\b[sr]k_live_[A-Za-z0-9]{20,}/, "a Stripe key"],
  // The form needs an unbroken run of letters and digits: `sk-learn-gradient-boosting` is a name.
  [/\bsk-[A-Za-z0-9_-]*?(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}/, "a secret key of a model provider"],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}/, "a Slack token"],
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/, "a private key"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/, "a JSON web token"],
  // This must not match `docker://alpine:3.18@sha256:…`.
  [/\b[a-z][a-z0-9+.-]{1,30}:\/\/[^/?#\s:@]*:[^/?#\s@]+@(?!sha\d+:)/i, "a URL with a password"],
];
/** Longer texts are payloads, not settings; only their head is inspected. */
const MAX_TEXT = 4096;
/** The length of the shortest text of any form but a URL. */
export const SHORTEST_FORM = 15;

/**
 * Finds parameters that look like credentials, by their key or by their form. It calls no getters.
 */
export function findCredentials(params: unknown, options: CredentialOptions = {}): FoundCredential[] {
  const { allow = [], root = "params" } = options;
  const found: FoundCredential[] = [];
  const seen = new Set<object>();
  const stack: Visit[] = [{ value: params, key: "", part: undefined, parent: undefined }];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value, key } = visit;
    const text = value instanceof URL ? value.href : value;
    if (typeof text === "string" && text !== "" && !allow.includes(key)) {
      const why = whyCredential(key, text);
      if (why !== undefined) found.push({ path: formatPath(root, pathOf(visit)), key, why });
    } else if (typeof value === "object" && value !== null && !seen.has(value) && !isProxy(value)) {
      seen.add(value);
      for (const [part, inner] of children(value)) {
        const form = typeof part === "string" && !allow.includes(part) ? credentialForm(part) : undefined;
        if (form !== undefined) {
          found.push({ path: formatPath(root, pathOf(visit)), key, why: `has a key that looks like ${form}` });
        }
        stack.push({ value: inner, key: typeof part === "string" ? part : key, part, parent: visit });
      }
    }
  }
  return found.reverse();
}

/**
 * Links a value to its container: storing a path for each value would take time that grows with the
 * square of the depth.
 */
interface Visit {
  readonly value: unknown;
  /** The innermost name on the way to the value. */
  readonly key: string;
  readonly part: string | number | undefined;
  readonly parent: Visit | undefined;
}

function pathOf(visit: Visit): (string | number)[] {
  const path: (string | number)[] = [];
  for (let step: Visit | undefined = visit; step?.part !== undefined; step = step.parent) {
    path.push(withoutCredential(step.part));
  }
  return path.reverse();
}

/**
 * Whether {@link findCredentials} would find nothing in params that are primitives, and lists and
 * plain objects of primitives, without getters. It may be false for harmless params, whose keys are
 * allowed.
 */
export function areShallowParamsHarmless(params: Readonly<Record<string, unknown>>): boolean {
  for (const key of Object.keys(params)) {
    const value = params[key];
    if (credentialForm(key) !== undefined || !isHarmless(key, value)) return false;
  }
  return true;
}

function isHarmless(key: string, value: unknown): boolean {
  if (typeof value === "string") return value === "" || whyCredential(key, value) === undefined;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => isHarmless(key, item));
  return areShallowParamsHarmless(value as Readonly<Record<string, unknown>>);
}

/**
 * Refuses params that look like credentials.
 *
 * @throws {@link CredentialInParamsError} that names all of them, without any value.
 */
export function assertNoCredentials(params: unknown, options: CredentialOptions = {}): void {
  const found = findCredentials(params, options);
  if (found.length > 0) throw new CredentialInParamsError(found);
}

function whyCredential(key: string, value: string): string | undefined {
  if (isCredentialKey(key) && !HARMLESS_VALUES.has(value)) return "is named like a credential";
  const form = credentialForm(value);
  return form === undefined ? undefined : `looks like ${form}`;
}

function credentialForm(text: string): string | undefined {
  // Each hit looks at its params, and most of their texts and keys are short.
  if (text.length < SHORTEST_FORM && !text.includes("://")) return undefined;
  const head = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  return VALUE_FORMS.find(([pattern]) => pattern.test(head))?.[1];
}

/** Hides keys that are credentials themselves, since people see the path. */
function withoutCredential(part: string | number): string | number {
  return typeof part === "string" && credentialForm(part) !== undefined ? "…" : part;
}

const knownKeys = new Map<string, boolean>();
const MAX_KNOWN_KEYS = 1000;

function isCredentialKey(key: string): boolean {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const words = wordsOf(key);
  const isCredential = WHOLE_KEYS.has(words.join("")) || KEY_PHRASES.some((phrase) => endsWith(words, phrase));
  if (knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, isCredential);
  return isCredential;
}

function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .map((word) => word.replace(/\d+$/, ""))
    .filter((word) => word !== "");
}

/** Only the last words count, since they say what a value is: an `apiKeyName` is a name. */
function endsWith(words: readonly string[], phrase: readonly string[]): boolean {
  const start = words.length - phrase.length;
  return start >= 0 && phrase.every((word, i) => words[start + i] === word);
}

function* children(value: object): Generator<readonly [string | number, unknown]> {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [i, Object.getOwnPropertyDescriptor(value, i)?.value];
  } else if (value instanceof Map) {
    for (const [key, item] of Map.prototype.entries.call(value))
      yield [typeof key === "string" || typeof key === "number" ? key : "value", item];
  } else if (value instanceof Set) {
    for (const item of Set.prototype.values.call(value)) yield ["member", item];
  } else if (isPlainOfAnyRealm(value)) {
    for (const key of Object.keys(value)) yield [key, Object.getOwnPropertyDescriptor(value, key)?.value];
  }
}
