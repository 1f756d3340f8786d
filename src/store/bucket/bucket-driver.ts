/**
 * The operations of a cloud's bucket, as its official client offers them; `createBucketStore` makes
 * a `Store` of it, so that the promises of a store (names, aborts, retries, limits, probing,
 * parallel ranges) are kept in one place for all of them.
 *
 * Keys are complete object keys, prefix included. Every method rejects with the signal's reason
 * when it is aborted; other failures are the client's own errors, which `classify` explains. None
 * of the methods retries by itself: clients are created with their own retries off.
 */
export interface BucketDriver {
  /** `s3://bucket/prefix`, without credentials and query. */
  readonly url: string;
  /**
   * Sends one GET. Returns undefined if there is no such object. `range.end` is exclusive; a range
   * beyond the end gives no bytes.
   */
  get(key: string, options: DriverGetOptions): Promise<DriverObject | undefined>;
  /** Returns undefined if there is no such object. */
  head(key: string, options: DriverCallOptions): Promise<DriverEntry | undefined>;
  /**
   * Sends bytes in memory by one PUT. With `ifAbsent` the service itself must refuse to overwrite,
   * and then this returns `"exists"`.
   */
  put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists">;
  /**
   * Starts to send a big object in parts, sent as they come and {@link DriverUpload.complete}d at
   * the end; nothing appears before. With `ifAbsent`, completion behaves like {@link put}.
   */
  startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload>;
  /** Copies on the service's side; returns `false` if the source is missing. */
  copy(from: string, to: string, options: DriverPutOptions): Promise<boolean | "exists">;
  /** Also resolves if there was no object. */
  remove(key: string, options: DriverCallOptions): Promise<void>;
  /**
   * Returns one page of the objects whose keys begin with `prefix`. It sends one request, so that
   * each page is retried alone.
   */
  list(prefix: string, options: DriverListOptions): Promise<DriverPage>;
  /**
   * Classifies an error of the client. It is only called if the signal of the call was not aborted,
   * so a request that reports an abort was broken off by another cause.
   */
  classify(error: unknown): ErrorClass;
  /** Closes connections. */
  close?(): void;
}

export interface DriverCallOptions {
  readonly signal: AbortSignal;
}

export interface DriverListOptions extends DriverCallOptions {
  /** {@link DriverPage.next} of the page before; undefined for the first page. */
  readonly after: string | undefined;
  /** Leaves out keys with another `/` after the prefix, and gives their folders instead. */
  readonly isFolderAlone?: boolean | undefined;
}

/** One page of a list of objects. */
export interface DriverPage {
  readonly entries: readonly DriverEntry[];
  /** The folders in the prefix, if they were asked for: whole keys with a `/` at the end. */
  readonly folders?: readonly string[] | undefined;
  /** The start of the next page, in the service's own form; undefined after the last one. */
  readonly next: string | undefined;
}

export interface DriverGetOptions extends DriverCallOptions {
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /**
   * Requests only this version of the object, by the `etag` of an earlier answer.
   *
   * @throws {@link ObjectChanged} if the object has another version
   */
  readonly etag?: string | undefined;
}

export interface DriverPutOptions extends DriverCallOptions {
  readonly ifAbsent: boolean;
  /**
   * Metadata that is stored with the object under the key `writer`: a writer whose answer was lost
   * recognizes its own object by it.
   */
  readonly writer?: string | undefined;
}

/** An object whose sizes are known before its bytes are read. */
export interface DriverObject {
  /** The size of the whole object, whatever the range. */
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  /** The reader must read this to the end, or call `return()`, which ends the transfer. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface DriverEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** The time by the service's clock. */
  readonly modifiedMs: number;
  /** See {@link DriverPutOptions.writer}; `head` returns it, lists need not. */
  readonly writer?: string | undefined;
}

/** An upload in parts that was started. */
export interface DriverUpload {
  /** The least size of every part but the last. */
  readonly minPartBytes: number;
  readonly maxParts: number;
  /** Sends one part; parts count from 1, may be sent concurrently, and may be sent again. */
  sendPart(part: number, bytes: Uint8Array, options: DriverCallOptions): Promise<void>;
  complete(options: DriverCallOptions): Promise<"created" | "exists">;
  /** Removes all parts from the service. */
  abort(options: DriverCallOptions): Promise<void>;
}

/** The classification of an error. */
export interface ErrorClass {
  readonly kind:
    | "missing" /* the object */
    | "exists" /* a condition was not met */
    | "unsupported" /* the service does not know this condition (501) */
    | "passing" /* 5xx, throttling, a dropped connection: worth another attempt */
    | "access" /* 401, 403, no credentials */
    | "full"
    | "other";
  /** The code, such as `SlowDown`, `403` or `ECONNRESET`. */
  readonly systemCode: string | undefined;
  /**
   * Tells people what is wrong and what to do, if more is known than the client's message says
   * ("there is no bucket of that name").
   */
  readonly problem?: string | undefined;
  /** The delay of a `Retry-After` header. */
  readonly retryAfterMs?: number | undefined;
  /** The service says that it gets more requests than it accepts. */
  readonly isThrottled?: boolean | undefined;
  /** The service cannot be reached: no such host, no listener, no route. */
  readonly isAway?: boolean | undefined;
}

/** The object is another one by now than the one whose etag was given. */
export class ObjectChanged extends Error {}

/** The body of an answer that has no bytes. */
export async function* noBytes(): AsyncGenerator<Uint8Array> {}

/** Returns `missing` if the service answers that it does not have the object. */
export async function unlessMissing<Value, Missing>(
  isMissing: (error: unknown) => boolean,
  missing: Missing,
  ask: () => Promise<Value>,
): Promise<Value | Missing> {
  try {
    return await ask();
  } catch (error) {
    if (isMissing(error)) return missing;
    throw error;
  }
}

/** Returns the prefix of a bucket's objects, without slashes at its ends, and the store's URL. */
export function bucketLocation(
  scheme: string,
  bucket: string,
  { prefix = "", endpoint }: { readonly prefix?: string | undefined; readonly endpoint?: string | undefined },
): { readonly prefix: string; readonly url: string } {
  const clean = prefix.replace(/^\/+|\/+$/g, "");
  const query = endpoint === undefined ? "" : `?endpoint=${encodeURIComponent(endpoint)}`;
  return { prefix: clean, url: `${scheme}://${bucket}${clean === "" ? "" : `/${clean}`}${query}` };
}
