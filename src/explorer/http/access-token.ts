import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const TOKEN_BYTES = 24;
/** A token that a user chooses must not be guessed by trying. */
export const MIN_TOKEN_LENGTH = 16;

/** Makes a token of 192 random bits, in characters that a URL holds as they are. */
export function newAccessToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/**
 * The secret of one server. A browser gives the token once, in the URL that the command prints, and
 * from then on the cookie. The cookie does not tell the token.
 */
export class AccessToken {
  readonly #token: Buffer;
  readonly #cookie: string;
  readonly #passes = new Set<string>();

  constructor(token: string) {
    this.#token = digestOf(token);
    this.#cookie = createHash("sha256").update(`persistable explorer cookie ${token}`).digest("base64url");
  }

  /**
   * Makes a token that is used up by its first use: the list of processes shows the address that a
   * browser is started with to all users of the machine.
   */
  newPass(): string {
    const pass = newAccessToken();
    this.#passes.add(digestOf(pass).toString("hex"));
    return pass;
  }

  isToken(text: string): boolean {
    const digest = digestOf(text);
    return this.#passes.delete(digest.toString("hex")) || timingSafeEqual(digest, this.#token);
  }

  /** Whether a `Cookie` header has the cookie of the server at this port. */
  isIn(cookies: string | undefined, port: number): boolean {
    const prefix = `${cookieName(port)}=`;
    const given = (cookies ?? "").split(";").map((cookie) => cookie.trim());
    return given.some(
      (cookie) =>
        cookie.startsWith(prefix) && timingSafeEqual(digestOf(cookie.slice(prefix.length)), digestOf(this.#cookie)),
    );
  }

  /** The `Set-Cookie` header. It lasts until the browser ends. */
  setCookie(port: number): string {
    return `${cookieName(port)}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

/** Cookies of 127.0.0.1 are shared between its ports, so that the name has the port in it. */
function cookieName(port: number): string {
  return `persistable-explorer-${port}`;
}

/** Digests have one length, which comparing in constant time needs. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
