import { loadPart } from "../util/load-part.ts";
import { assertNoCredentials } from "./place-credentials.ts";
import type { Store, StoreCapabilities } from "./store.ts";

/** The services that a URL leads to, each loaded when it is first asked for something. */
const services: Readonly<Record<string, (url: string) => Promise<Store>>> = {
  "s3:": async (url) => (await import("./s3-store.ts")).openS3(url),
  "az:": async (url) => (await import("./azure-store.ts")).openAzure(url),
  "gs:": async (url) => (await import("./gcs-store.ts")).openGcs(url),
  "sftp:": async (url) => (await import("./sftp-store.ts")).openSftp(url),
};

/**
 * The store behind a URL; `undefined` where no service has such URLs. Nothing is loaded or asked before its first call.
 *
 * @throws {@link UnknownStoreError} for one with credentials in it
 */
export function openRemotePlace(given: string): Store | undefined {
  const protocol = /^[a-z0-9]+:/i.exec(given)?.[0].toLowerCase() ?? "";
  const open = Object.hasOwn(services, protocol) ? services[protocol] : undefined;
  if (open === undefined) return undefined;
  assertNoCredentials(given);
  return deferStore(given, open);
}

/** Promises nothing before it has asked. */
const UNKNOWN: StoreCapabilities = { exclusiveCreate: false, durable: true, shared: true };

/** Calls that wait for the service's part of the library, and are then its own. */
const CALLS = ["read", "stat", "writeFresh", "createIfAbsent", "replace", "move", "remove"] as const;

function deferStore(given: string, open: (url: string) => Promise<Store>): Store {
  let opening: Promise<Store> | undefined;
  let store: Store | undefined;
  /** A failed start, for want of a package for instance, is tried anew by the next call. */
  const opened = (): Promise<Store> => {
    opening ??= loadPart(() => open(given)).then(
      (found) => {
        store = found;
        return found;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };
  const callOf =
    (name: (typeof CALLS)[number]) =>
    async (...args: readonly unknown[]): Promise<unknown> =>
      ((await opened())[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
  return {
    ...(Object.fromEntries(CALLS.map((name) => [name, callOf(name)])) as unknown as Pick<
      Store,
      (typeof CALLS)[number]
    >),
    url: given.replace(/\/+(?=$|[?#])/, ""),
    get capabilities() {
      return store?.capabilities ?? UNKNOWN;
    },
    async prepare(options) {
      await (await opened()).prepare?.(options);
    },
    async *list(...args) {
      yield* (await opened()).list(...args);
    },
  };
}
