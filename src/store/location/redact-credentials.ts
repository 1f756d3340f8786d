/**
 * Environment variables with these names hold credentials, unless the value is the path of a file.
 */
const SECRET_VARIABLE = /(SECRET|TOKEN|PASSWORD|PASSPHRASE|_KEY|CREDENTIALS?|CONNECTION_STRING)$/i;
/** Shorter values could occur anywhere by chance. */
const MIN_SECRET_CHARS = 8;

const NAMES =
  "sig|signature|account_?key|shared_?access_?(?:signature|key)|(?:aws_?)?secret(?:_?access)?_?key|client_?secret|secret|" +
  "private_?key(?:_id)?|(?:access|refresh|id|session|security|auth|bearer|api)_?token|token|api_?key|password|passwd|pwd|passphrase|" +
  "authorization|x-amz-(?:signature|security-token|credential)|x-goog-(?:signature|credential)|assertion|cookie";

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // The parser's message quotes a text that is not JSON.
  [/Unexpected token [\s\S]*? is not valid JSON/g, "The text is not valid JSON"],
  [/(\.\.\.)?"[\s\S]*"(\.\.\.)? is not valid JSON/g, "The text is not valid JSON"],
  [/-----BEGIN [^-]*PRIVATE KEY[\s\S]*?(-----END [^-]*PRIVATE KEY[^-]*-----|$)/g, "…"],
  [/\b(Bearer|Basic|SharedKey|SharedKeyLite|GOOG1|AWS4-HMAC-SHA256)\s+[^\s"',;]+/gi, "$1 …"],
  [/(\/\/)[^/?#\s"'@]*:[^?#\s"'@]*@/g, "$1…@"],
  // `name=value`, `name: value`, `"name":"value"`, and the same with % before the signs.
  [new RegExp(`((?:^|[^a-z0-9])(?:${NAMES})["']?\\s*(?:=|:|%3d|%3a)\\s*["']?)[^\\s"'&;,<>]+`, "gi"), "$1…"],
  [/\bya29\.[\w.-]+|\beyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?/g, "…"],
];

/**
 * Removes credentials from a text: values with the name of one, with the form of one, and the
 * values of environment variables that hold one. It is for messages of service clients, which may
 * quote addresses, headers and files.
 */
export function redactCredentials(text: string): string {
  let clean = text;
  for (const secret of knownSecrets()) clean = clean.replaceAll(secret, "…");
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * Returns the longest secrets first: if a short one that is part of a long one were removed first,
 * the rest of the long one would stay.
 */
function knownSecrets(): string[] {
  const secrets = new Set<string>();
  for (const [name, value = ""] of Object.entries(process.env)) {
    if (!SECRET_VARIABLE.test(name) || /^([A-Za-z]:)?[/\\]/.test(value)) continue;
    // Each part of a connection string or a token is a secret of its own.
    for (const part of [value, ...value.split(/[;&?]/).map((field) => field.replace(/^[^=]*=/, ""))])
      for (const form of [part, encodeURIComponent(part), decoded(part)])
        if (isSecret(form, part === value)) secrets.add(form);
  }
  return [...secrets].sort((a, b) => b.length - a.length);
}

/**
 * Returns whether the value of a variable, or a part of it, counts as a secret. A part must be
 * longer than a whole value, and may not be a date or an address.
 */
function isSecret(text: string, isWhole: boolean): boolean {
  return text.length >= (isWhole ? MIN_SECRET_CHARS : 20) && !/^(https?:|\d{4}-\d\d-\d\d)/.test(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
