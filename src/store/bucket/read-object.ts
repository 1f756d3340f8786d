import { ObjectTooLargeError, StoreIoError } from "../../errors/store-errors.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { CHUNK_BYTES } from "../../util/digest/chunk-bytes.ts";
import { allocate } from "../chunks.ts";
import type { ReadOptions } from "../store.ts";
import type { BucketDriver, DriverObject } from "./bucket-driver.ts";
import { ObjectChanged } from "./bucket-driver.ts";
import { type Attempt, type BucketRequests, EndedEarly, type Request } from "./requests.ts";

/** The number of concurrent requests for one object. */
const LANES = 8;
/** An object that is replaced this often in a row while it is read is unusual enough to give up. */
const MAX_LOOKS = 5;

interface Reading {
  readonly driver: BucketDriver;
  readonly requests: BucketRequests;
  readonly key: string;
  readonly request: Request;
}

/** An object whose first part has arrived. */
interface Begun {
  readonly bytes: Uint8Array;
  /** The offset of the first byte in the object. */
  readonly start: number;
  readonly etag: string | undefined;
  readonly gotBytes: number;
}

/**
 * Implements {@link Store.read} for a bucket: a small object takes one request; a big one is pinned
 * to one version, and its parts are fetched concurrently.
 */
export async function readObject(reading: Reading, options: ReadOptions): Promise<Uint8Array | undefined> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    try {
      const begun = await begin(reading, options);
      if (begun === undefined) return undefined;
      await readRest(reading, begun, options);
      return begun.bytes;
    } catch (error) {
      if (!(error instanceof ObjectChanged)) throw error;
    }
  }
  throw new StoreIoError(
    { operation: "read", path: reading.request.path },
    "it was replaced each time while it was read",
  );
}

/**
 * Sends the first request, which tells the size of the object, and keeps the bytes that it brings.
 */
async function begin(reading: Reading, options: ReadOptions): Promise<Begun | undefined> {
  const { range, maxBytes = Number.POSITIVE_INFINITY } = options;
  const start = Math.max(0, range?.start ?? 0);
  const wantedEnd = range === undefined ? Number.POSITIVE_INFINITY : Math.max(start, range.end);
  // If the caller wants the whole object and accepts only a small one, the first request has no
  // range: some services treat ranges of empty objects differently.
  const isWhole = range === undefined && maxBytes <= CHUNK_BYTES;
  let bytes: Uint8Array | undefined;
  let gotBytes = 0;
  let etag: string | undefined;
  const found = await reading.requests.send(reading.request, async (attempt) => {
    // All bytes had arrived when the connection broke.
    if (bytes !== undefined && gotBytes > 0 && gotBytes === Math.min(bytes.length, CHUNK_BYTES)) return bytes;
    const from = start + gotBytes;
    const end = Math.min(wantedEnd, start + CHUNK_BYTES);
    const part = isWhole && gotBytes === 0 ? undefined : { start: from, end: Math.max(from, end) };
    if (part !== undefined && part.end === part.start && gotBytes === 0) return headOnly(reading, attempt);
    const object = await reading.driver.get(reading.key, { signal: attempt.signal, range: part, etag });
    if (object === undefined) return undefined;
    attempt.moved();
    etag = object.etag;
    if (bytes === undefined) {
      const length = Math.max(0, Math.min(wantedEnd, object.sizeBytes) - start);
      if (length > maxBytes) {
        await leave(object);
        throw new ObjectTooLargeError({ operation: "read", path: reading.request.path }, object.sizeBytes, maxBytes);
      }
      bytes = allocate(reading.request.path, length);
    }
    const target = bytes;
    const firstPart = Math.min(target.length, CHUNK_BYTES);
    const goal = isWhole ? target.length : firstPart;
    await fill(object, attempt, target.subarray(gotBytes, goal), (moved) => {
      gotBytes += moved;
    });
    return target;
  });
  return found === undefined ? undefined : { bytes: found, start, etag, gotBytes };
}

async function headOnly(reading: Reading, attempt: Attempt): Promise<Uint8Array | undefined> {
  const entry = await reading.driver.head(reading.key, { signal: attempt.signal });
  return entry === undefined ? undefined : new Uint8Array(0);
}

async function readRest(reading: Reading, begun: Begun, { range, onChunk, signal }: ReadOptions): Promise<void> {
  const { bytes } = begun;
  const tell = range === undefined && bytes.length > CHUNK_BYTES ? onChunk : undefined;
  const finish = async (offset: number): Promise<void> => {
    const part = bytes.subarray(offset, offset + CHUNK_BYTES);
    // The first part has arrived with the answer that told the size.
    if (offset > 0) await readPart(reading, begun, offset, part);
    await tell?.(part, offset);
    signal?.throwIfAborted();
  };
  await mapConcurrently(partOffsets(bytes.length), finish, { concurrency: LANES });
}

function* partOffsets(sizeBytes: number): Generator<number, void, undefined> {
  yield 0;
  for (let offset = CHUNK_BYTES; offset < sizeBytes; offset += CHUNK_BYTES) yield offset;
}

/** Reads one part; a retry does not fetch again what had arrived before the failure. */
async function readPart(reading: Reading, begun: Begun, offset: number, part: Uint8Array): Promise<void> {
  const from = begun.start + offset;
  let gotBytes = 0;
  await reading.requests.send(reading.request, async (attempt) => {
    if (gotBytes === part.length) return;
    const range = { start: from + gotBytes, end: from + part.length };
    const object = await reading.driver.get(reading.key, { signal: attempt.signal, range, etag: begun.etag });
    if (object === undefined) throw new ObjectChanged("it is gone");
    attempt.moved();
    await fill(object, attempt, part.subarray(gotBytes), (moved) => {
      gotBytes += moved;
    });
  });
}

async function fill(
  { body }: DriverObject,
  attempt: Attempt,
  target: Uint8Array,
  onMoved: (bytes: number) => void,
): Promise<void> {
  let filled = 0;
  for await (const piece of body) {
    attempt.moved();
    // This attempt was given up meanwhile: another attempt may be writing here.
    attempt.signal.throwIfAborted();
    const fitting = piece.subarray(0, target.length - filled);
    target.set(fitting, filled);
    filled += fitting.length;
    onMoved(fitting.length);
    // The service sent more than requested: it does not support ranges and sends everything, so
    // offsets mean nothing.
    if (fitting.length < piece.length) throw new Error("the service sent more than was asked for");
  }
  if (filled < target.length) throw new EndedEarly(filled, target.length);
}

async function leave({ body }: DriverObject): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
