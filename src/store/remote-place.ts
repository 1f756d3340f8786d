import { loadPart } from "../util/load-part.ts";
import type { Store, StoreCapabilities, StoreEntry } from "./store.ts";

/** The services that a URL leads to, each loaded when it is first asked for something. */
const services: Readonly<Record<string, (url: string) => Promise<Store>>> = {
  "s3:": async (url) => (await import("./s3-store.ts")).openS3(url),
  "az:": async (url) => (await import("./azure-store.ts")).openAzure(url),
  "gs:": async (url) => (await import("./gcs-store.ts")).openGcs(url),
  "sftp:": async (url) => (await import("./sftp-store.ts")).openSftp(url),
};

/** The store behind a URL; `undefined` where no service has such URLs. Nothing is loaded or asked before its first call. */
export function openRemotePlace(given: string): Store | undefined {
  const protocol = /^[a-z0-9]+:/i.exec(given)?.[0].toLowerCase() ?? "";
  const open = Object.hasOwn(services, protocol) ? services[protocol] : undefined;
  return open === undefined ? undefined : new RemotePlace(given, open);
}

/** Promises nothing before it has asked. */
const UNKNOWN: StoreCapabilities = { exclusiveCreate: false, durable: true, shared: true };

class RemotePlace implements Store {
  readonly url: string;
  readonly #open: () => Promise<Store>;
  #opening: Promise<Store> | undefined;
  #store: Store | undefined;

  constructor(given: string, open: (url: string) => Promise<Store>) {
    this.url = given.replace(/(?<=^[a-z0-9]+:\/\/[^/?#]*):[^/?#@]*@/i, "@").replace(/\/+(?=$|[?#])/, "");
    this.#open = async () => {
      this.#store = await loadPart(() => open(given));
      return this.#store;
    };
  }

  get capabilities(): StoreCapabilities {
    return this.#store?.capabilities ?? UNKNOWN;
  }

  async prepare(...args: Parameters<NonNullable<Store["prepare"]>>): Promise<void> {
    const store = await this.#opened();
    await store.prepare?.(...args);
  }

  async read(...args: Parameters<Store["read"]>): Promise<Uint8Array | undefined> {
    return (await this.#opened()).read(...args);
  }

  async stat(...args: Parameters<Store["stat"]>): Promise<StoreEntry | undefined> {
    return (await this.#opened()).stat(...args);
  }

  async writeFresh(...args: Parameters<Store["writeFresh"]>): Promise<void> {
    return (await this.#opened()).writeFresh(...args);
  }

  async createIfAbsent(...args: Parameters<Store["createIfAbsent"]>): Promise<"created" | "exists"> {
    return (await this.#opened()).createIfAbsent(...args);
  }

  async replace(...args: Parameters<Store["replace"]>): Promise<void> {
    return (await this.#opened()).replace(...args);
  }

  async move(...args: Parameters<Store["move"]>): Promise<boolean> {
    return (await this.#opened()).move(...args);
  }

  async remove(...args: Parameters<Store["remove"]>): Promise<boolean> {
    return (await this.#opened()).remove(...args);
  }

  async *list(...args: Parameters<Store["list"]>): AsyncGenerator<StoreEntry> {
    yield* (await this.#opened()).list(...args);
  }

  /** A failed start, for want of a package for instance, is tried anew by the next call. */
  #opened(): Promise<Store> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }
}
