import { UnknownStoreError } from "../errors/store-errors.ts";

/**
 * A URL is shown in messages and logs, so it must hold neither a password nor a key; only a server's may hold the name of a user.
 *
 * @throws {@link UnknownStoreError} which does not repeat it
 */
export function assertNoCredentials(given: string): void {
  const [protocol = "", , authority = ""] = given.split("/");
  const endpoint = /[?&]endpoint=([^&]*)/i.exec(given)?.[1] ?? "";
  const isServer = /^sftp:$/i.test(protocol);
  // A secret key may have slashes in it, so the part before the first one need not have the @.
  const isSuspect = isServer ? /:(?!\d*$)/.test(authority.replace(/\[.*\]/, "")) : /[:@]/.test(authority);
  if (isSuspect || /@|%40/.test(endpoint)) throw new UnknownStoreError(`A URL ${protocol} with credentials in it`);
}
