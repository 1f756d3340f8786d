import { UnknownStoreError } from "../errors/store-errors.ts";

/**
 * A URL is shown in messages and logs, so it must hold neither a password nor a key; only a server's may hold the name of a user.
 *
 * @throws {@link UnknownStoreError} which does not repeat it
 */
export function assertNoCredentials(given: string): void {
  const [protocol = "", , authority = ""] = given.split(/[/?#]/);
  const isServer = /^sftp:$/i.test(protocol);
  // An endpoint with a query has a token in it. A secret key may have slashes in it, so the part before the first one need not have the @.
  const isSuspect = isServer ? /:(?!\d*$)/.test(authority.replace(/\[.*\]/, "")) : /[:@]/.test(authority);
  if (isSuspect || /[?&]endpoint=[^&]*([?@]|%40|%3f)/i.test(given))
    throw new UnknownStoreError(`A URL ${protocol} with credentials in it`);
}
