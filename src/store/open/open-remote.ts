import { loadPart } from "../../util/peers/load-part.ts";
import { assertNoCredentials } from "../location/location-credentials.ts";
import { type LocationProtocol, shownUrl } from "../location/location-options.ts";
import { recordReopening, reopeningOf } from "../location/reopening.ts";
import type { Store, StoreCallOptions, StoreCapabilities } from "../store.ts";
import { SharedOpening } from "./shared-opening.ts";

type Open = (url: string, call: StoreCallOptions) => Promise<Store>;

/** The services that URLs lead to; each is loaded at the first call. */
const services: Readonly<Record<LocationProtocol, Open>> = {
  "s3:": async (url) => (await import("../bucket/s3/s3-store.ts")).openS3(url),
  "az:": async (url) => (await import("../bucket/azure/azure-store.ts")).openAzure(url),
  "gs:": async (url) => (await import("../bucket/gcs/gcs-store.ts")).openGcs(url),
  "sftp:": async (url, call) => (await import("../sftp/sftp-store.ts")).openSftp(url, call),
};

/**
 * Returns the store at a URL; `undefined` if no service has such URLs. Nothing is loaded or
 * requested before its first call.
 *
 * @throws {@link UnknownStoreError} for a URL with credentials
 */
export function openRemotePlace(given: string): Store | undefined {
  const protocol = /^[a-z0-9]+:/i.exec(given)?.[0].toLowerCase() ?? "";
  if (!isService(protocol)) return undefined;
  assertNoCredentials(given);
  const calls = protocol === "sftp:" ? [...CALLS, ...FOLDER_CALLS] : CALLS;
  return deferStore(given, shownUrl(given, protocol), services[protocol], calls);
}

function isService(protocol: string): protocol is LocationProtocol {
  return Object.hasOwn(services, protocol);
}

/**
 * Assumed until the service has been reached: only then can the store promise exclusive creation.
 */
const UNKNOWN: StoreCapabilities = { exclusiveCreate: false, durable: true, shared: true };

/** These calls load the service's part of the library, and then call it. */
const CALLS = ["read", "stat", "writeFresh", "createIfAbsent", "replace", "move", "remove", "listFolder"] as const;

/** Only stores that keep their objects in folders have these calls. */
const FOLDER_CALLS = ["removeFolder", "moveFolder", "removeTree"] as const;

type DeferredCall = (typeof CALLS | typeof FOLDER_CALLS)[number];

function deferStore(given: string, shown: string, open: Open, calls: readonly DeferredCall[]): Store {
  const opening = new SharedOpening((call) => loadPart(() => open(given, call)));
  const callOf =
    (name: DeferredCall) =>
    async (...args: readonly unknown[]): Promise<unknown> => {
      const store = await opening.store(args.at(-1));
      return (store[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
    };
  const store: Store = {
    ...(Object.fromEntries(calls.map((name) => [name, callOf(name)])) as unknown as Pick<
      Store,
      (typeof CALLS)[number]
    >),
    url: shown,
    get capabilities() {
      return opening.opened?.capabilities ?? UNKNOWN;
    },
    async prepare(options) {
      await (await opening.store(options)).prepare?.(options);
    },
    async *list(...args) {
      yield* (await opening.store(args.at(-1))).list(...args);
    },
  };
  recordReopening(store, () => (opening.opened === undefined ? undefined : reopeningOf(opening.opened)));
  return store;
}
