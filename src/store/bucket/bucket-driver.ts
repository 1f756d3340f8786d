/**
 * What a bucket of some cloud can do, as its official client offers it; `createBucketStore` makes a
 * `Store` of it, so that the promises of a store (names, aborts, retries, limits, probing, parallel
 * ranges) are kept in one place for all of them.
 *
 * Keys are complete object keys, prefix included. Every method rejects with the signal's reason
 * when it is aborted; other failures are the client's own errors, which `judge` explains. None of
 * the methods retries by itself: clients are made with their own retries off.
 */
export interface BucketDriver {
  /** `s3://bucket/prefix`, without credentials and query. */
  readonly url: string;
  /**
   * One GET. `undefined` where there is no such object. `range.end` is exclusive; a range beyond
   * the end gives no bytes.
   */
  get(key: string, options: DriverGetOptions): Promise<DriverObject | undefined>;
  /** `undefined` where there is no such object. */
  head(key: string, options: DriverCallOptions): Promise<DriverEntry | undefined>;
  /**
   * One PUT of bytes in memory. With `ifAbsent` the service itself must refuse to overwrite, and
   * then this tells `"exists"`.
   */
  put(key: string, bytes: Uint8Array, options: DriverPutOptions): Promise<"created" | "exists">;
  /**
   * A big object in parts, sent as they come and {@link DriverUpload.complete}d at the end; nothing
   * appears before. With `ifAbsent`, as for {@link put}, at completion.
   */
  startUpload(key: string, options: DriverPutOptions): Promise<DriverUpload>;
  /** Copy on the service's side; `false` where the source is missing. */
  copy(from: string, to: string, options: DriverPutOptions): Promise<boolean | "exists">;
  /** Resolves also where there was none. */
  remove(key: string, options: DriverCallOptions): Promise<void>;
  /**
   * One page of the objects whose keys begin with `prefix`; by one request, so that each page is
   * repeated alone.
   */
  list(prefix: string, options: DriverListOptions): Promise<DriverPage>;
  /**
   * What an error of the client means. Only asked where the signal of the call was not aborted, so
   * an aborted request was broken off by somebody else.
   */
  judge(error: unknown): DriverVerdict;
  /** Let go of connections. */
  close?(): void;
}

export interface DriverCallOptions {
  readonly signal: AbortSignal;
}

export interface DriverListOptions extends DriverCallOptions {
  /** {@link DriverPage.next} of the page before; none for the first one. */
  readonly after: string | undefined;
}

/** Some of a list of objects. */
export interface DriverPage {
  readonly entries: readonly DriverEntry[];
  /** Where the next page begins, in the service's words; `undefined` after the last one. */
  readonly next: string | undefined;
}

export interface DriverGetOptions extends DriverCallOptions {
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /**
   * Only this version of the object: `etag` of an earlier answer; another one there is judged
   * `"changed"`.
   */
  readonly etag?: string | undefined;
}

export interface DriverPutOptions extends DriverCallOptions {
  readonly ifAbsent: boolean;
  /**
   * Kept with the object as metadata under the key `writer`: by it a writer whose answer was lost
   * knows its own object again.
   */
  readonly writer?: string | undefined;
}

/** An object as it comes: sizes are known before its bytes are read. */
export interface DriverObject {
  /** Of the whole object, whatever the range. */
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  /** To be read to the end, or left by `return()`, which ends the transfer. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface DriverEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** By the service's clock. */
  readonly modifiedMs: number;
  /** See {@link DriverPutOptions.writer}; `head` tells it, lists need not. */
  readonly writer?: string | undefined;
}

/** An upload in parts that was begun. */
export interface DriverUpload {
  /** Every part but the last has at least this size. */
  readonly minPartBytes: number;
  readonly maxParts: number;
  /** Parts count from 1, and may be sent at the same time and again. */
  sendPart(part: number, bytes: Uint8Array, options: DriverCallOptions): Promise<void>;
  complete(options: DriverCallOptions): Promise<"created" | "exists">;
  /** Nothing stays on the service. */
  abort(options: DriverCallOptions): Promise<void>;
}

/** What to make of an error. */
export interface DriverVerdict {
  readonly kind:
    | "missing" /* the object */
    | "exists" /* a condition was not met */
    | "unsupported" /* the service does not know this condition (501) */
    | "changed" /* the object is another one by now */
    | "passing" /* 5xx, throttling, a dropped connection: worth another attempt */
    | "access" /* 401, 403, no credentials */
    | "full"
    | "other";
  /** `SlowDown`, `403`, `ECONNRESET`. */
  readonly systemCode: string | undefined;
  /**
   * For people: what is wrong and what to do, where more is known than the client's message says
   * ("there is no bucket of that name").
   */
  readonly problem?: string | undefined;
  /** Of a `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** The service has more requests than it takes, and says so. */
  readonly isThrottled?: boolean | undefined;
  /** Nothing answers: no such host, no listener, no way there. */
  readonly isAway?: boolean | undefined;
}
