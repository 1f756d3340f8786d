/** Variables of the environment whose values are credentials; a path of a file is not one. */
const SECRET_VARIABLE = /(SECRET|TOKEN|PASSWORD|PASSPHRASE|_KEY|CREDENTIALS?|CONNECTION_STRING)$/i;
/** Shorter values could stand anywhere by chance. */
const MIN_SECRET_CHARS = 8;

const NAMES =
  "sig|signature|account_?key|shared_?access_?(?:signature|key)|(?:aws_?)?secret(?:_?access)?_?key|client_?secret|secret|" +
  "private_?key(?:_id)?|(?:access|refresh|id|session|security|auth|bearer|api)_?token|token|api_?key|password|passwd|pwd|passphrase|" +
  "authorization|x-amz-(?:signature|security-token|credential)|x-goog-(?:signature|credential)|assertion|cookie";

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // What the parser says of a text that is not JSON quotes the text.
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
 * Text without credentials: what is named like one, what has the form of one, and the values of
 * variables that hold one. For what the client of a service said, which may quote addresses,
 * headers and files.
 */
export function redactCredentials(text: string): string {
  let clean = text;
  for (const secret of knownSecrets()) clean = clean.replaceAll(secret, "…");
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** The longest first, so that the rest of a long one does not stay. */
function knownSecrets(): string[] {
  const secrets = new Set<string>();
  for (const [name, value = ""] of Object.entries(process.env)) {
    if (!SECRET_VARIABLE.test(name) || /^([A-Za-z]:)?[/\\]/.test(value)) continue;
    // Of a connection string or a token each part counts alone.
    for (const part of [value, ...value.split(/[;&?]/).map((field) => field.replace(/^[^=]*=/, ""))])
      for (const form of [part, encodeURIComponent(part), decoded(part)])
        if (isSecret(form, part === value)) secrets.add(form);
  }
  return [...secrets].sort((a, b) => b.length - a.length);
}

/** A part may also be a date, an address or the name of a protocol. */
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
