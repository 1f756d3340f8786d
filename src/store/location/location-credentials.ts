import { UnknownStoreError } from "../../errors/store-errors.ts";

/** No pattern below matches a text without one of these. */
const NOTEWORTHY = /[=@%#;"{]|-----|\beyJ|\bya29\./;

/** `name=…` with one of these names is a credential anywhere, even in the name of a folder. */
const NAMED = new RegExp(
  "(?:^|[^a-z0-9])(?:account_?key|shared_?access_?(?:signature|key|key_?name)|default_?endpoints_?protocol|(?:aws_?)?secret_?access_?key|" +
    "aws_?session_?token|(?:access|refresh|id|session|auth|bearer)_?token|client_?secret|private_?key|api_?key|password|passwd|passphrase|authorization|" +
    "x-(?:amz|goog)-(?:signature|credential|security-token)|use_?development_?storage)\\s*=",
  "i",
);
/** These words have many meanings, so they count only among options. */
const OPTION = /[?&;#](?:sig|signature|token|key|pwd|secret|auth|credentials?|code|sas|saskey|jwt)\s*=/i;
/** The signature of an address that Azure has signed: long, and not a number. */
const SIGNATURE = /(?:^|[^a-z0-9])sig=(?![\d.]*(?:[/&;]|$))[^/&;\s]{6}/i;
const FORMS: readonly RegExp[] = [
  NAMED,
  OPTION,
  SIGNATURE,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /"(?:private_?key|client_?secret|refresh_?token|access_?token)"\s*:/i,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|\bya29\.[\w-]{8,}/,
];
/** `user:password@host`, with or without a protocol; one letter before the colon is a drive. */
const USER = /^(?!memory:|file:)[^/\\\s:@]{2,}:[^/\\\s@]+@[^/\\\s]|^[/\\]{2}[^/\\\s:@]*:[^/\\\s@]*@/i;

/**
 * Refuses a location that holds a password or a key, since messages and logs show locations,
 * whether the text is a path, a URL, or the content of a wrong environment variable. Only the URL
 * of a server may hold the name of a user.
 *
 * @throws {@link UnknownStoreError} which does not repeat the text
 */
export function assertNoCredentials(given: string): void {
  if (!NOTEWORTHY.test(given) && !/^[a-z0-9]+:\/\/[^/?#]*:/i.test(given)) return;
  for (const text of new Set([given, decodedOnce(given), decodedOnce(decodedOnce(given))]))
    if (FORMS.some((form) => form.test(text)) || USER.test(text) || hasUser(text)) throw refusal(protocolOf(given));
}

/**
 * Refuses options that hold credentials, since the store's URL and messages show them.
 *
 * @throws {@link UnknownStoreError} which does not repeat them
 */
export function assertNoCredentialsIn(options: Readonly<Record<string, string | undefined>>): void {
  const { endpoint, ...rest } = options;
  // A query or a user in an endpoint is a credential, whatever its name: the address of a service
  // has neither.
  if (endpoint !== undefined && /[?#@]|%40|%3f|%23/i.test(endpoint)) throw refusal("An endpoint");
  for (const [name, value] of Object.entries({ endpoint, ...rest }))
    if (value !== undefined) {
      try {
        assertNoCredentials(value);
      } catch {
        throw refusal(`The ${name} of a store`);
      }
    }
}

/** Returns the part of a location that a refusal may quote: the protocol and the host of a URL. */
export function describeLocation(given: string): string {
  const [, protocol, host = "", rest = ""] = /^([a-z][a-z0-9+.-]*:)\/\/([^/?#]*)([\s\S]*)$/i.exec(given) ?? [];
  if (protocol === undefined) return given === "" ? '""' : "What was given";
  if (!/^[a-z0-9.-]+(:\d+)?$/i.test(host) || given.includes("@")) return `A URL ${protocol}//…`;
  return `${protocol}//${host}${rest === "" ? "" : "/…"}`;
}

/** Returns whether a user stands before the host, or before the host of an endpoint. */
function hasUser(text: string): boolean {
  const url = /^([a-z][a-z0-9+.-]*:)\/\/([^/?#]*)([\s\S]*)$/i.exec(text);
  if (url === null) return /:\/\/[^/?#\s]*:[^/?#\s]*@/.test(text);
  const [, protocol = "", authority = "", rest = ""] = url;
  // Only a server may have the name of a user; a bucket has no port either. A secret key may
  // contain slashes, so the part before the first one need not have the @.
  const isServer = /^sftp:$/i.test(protocol);
  const isBucket = /^(s3|az|gs):$/i.test(protocol);
  const isSuspect = isBucket ? /[:@]/.test(authority) : /:(?!\d*$)/.test(authority.replace(/\[.*\]/, ""));
  if (isSuspect || (!isServer && authority.includes("@"))) return true;
  return /:\/\/[^/?#\s]*@/.test(rest) || /[?&]endpoint=[^&]*[?@]/i.test(rest);
}

function protocolOf(given: string): string {
  const protocol = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(given)?.[1];
  return protocol === undefined ? "What was given" : `A URL ${protocol}`;
}

function refusal(what: string): UnknownStoreError {
  return new UnknownStoreError(
    `${what} with credentials in it`,
    "It would be shown in messages and logs. Give the credentials to the client of the service: in its variables (AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_SAS_TOKEN, AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS), or in a client of your own",
  );
}

/** Decodes once, also texts in which a % is just a %. */
function decodedOnce(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
