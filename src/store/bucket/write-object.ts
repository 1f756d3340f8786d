import { StoreIoError, type StoreOperation } from "../../errors/store-errors.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { joined } from "../../util/digest/digest.ts";
import { randomHex } from "../../util/random-hex.ts";
import { CallerFailure } from "../caller-failure.ts";
import type { Chunks } from "../store.ts";
import type { BucketDriver, DriverUpload } from "./bucket-driver.ts";
import type { BucketRequests, Request } from "./requests.ts";

/** Objects up to this size are sent by one request. */
const PART_BYTES = 8 * 1024 * 1024;
/** The number of parts under way at once; each is in memory until it has arrived. */
const LANES = 4;
/**
 * After this many parts, the size of a part grows by the initial size: services take 10,000 parts.
 */
const PARTS_PER_SIZE = 1000;
/** The time limit for cleaning up after a caller that no longer waits. */
const ABORT_MS = 10_000;

export interface Writing {
  readonly driver: BucketDriver;
  readonly requests: BucketRequests;
  readonly key: string;
  readonly operation: StoreOperation;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** The service must refuse if an object of that name exists. */
  readonly ifAbsent: boolean;
}

/**
 * Writes an object: a small one at once, a big one in parts that are sent as they come. Nothing
 * appears before it is complete; on failure nothing stays.
 *
 * @returns `"exists"` if `ifAbsent` and the object existed; never for one that this call
 * itself has written.
 */
export async function writeObject(writing: Writing, chunks: Chunks): Promise<"created" | "exists"> {
  const parts = Symbol.asyncIterator in chunks ? partsOfStream(chunks, writing.signal) : partsOfList(chunks);
  let isOver = false;
  try {
    const first = await parts.next();
    if (first.done === true) return await putObject(writing, new Uint8Array(0));
    const second = await parts.next();
    isOver = second.done === true;
    if (second.done === true) return await putObject(writing, first.value);
    return await uploadObject(writing, [first.value, second.value], parts);
  } catch (error) {
    throw error instanceof CallerFailure ? error.cause : error;
  } finally {
    if (!isOver) parts.return(undefined).then(undefined, () => {});
  }
}

async function putObject(writing: Writing, bytes: Uint8Array): Promise<"created" | "exists"> {
  const { driver, requests, key, ifAbsent } = writing;
  const writer = newWriter();
  return requests.send(requestOf(writing, bytes.length), async ({ signal }) => {
    const outcome = await driver.put(key, bytes, { signal, ifAbsent, writer });
    return outcome === "exists" && (await findWinner(writing, writer, signal)) === "own" ? "created" : outcome;
  });
}

/**
 * Finds out which writer's object exists. If an answer was lost, an earlier attempt of this write
 * may have created the object that is now in its way. This does not depend on the number of
 * attempts, since clients and proxies may repeat a request silently.
 */
async function findWinner(
  { driver, key }: Writing,
  writer: string,
  signal: AbortSignal,
): Promise<"own" | "other" | "none"> {
  const entry = await driver.head(key, { signal });
  if (entry === undefined) return "none";
  return entry.writer === writer ? "own" : "other";
}

async function uploadObject(
  writing: Writing,
  begun: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<"created" | "exists"> {
  const writer = newWriter();
  const upload = await startUpload(writing, writer);
  try {
    await sendParts(writing, upload, begun, rest);
    return await writing.requests.send(requestOf(writing), ({ signal, earlier }) =>
      completeUpload(writing, upload, writer, signal, earlier),
    );
  } catch (error) {
    await abortUpload(writing, upload);
    throw error;
  }
}

/**
 * Starts the upload. If the caller aborts while it is being started, this waits for its id so that
 * it can be aborted; otherwise its parts would stay forever.
 */
async function startUpload(writing: Writing, writer: string): Promise<DriverUpload> {
  const { driver, requests, key, ifAbsent, signal } = writing;
  const untilLate = new AbortController();
  const late = (): void => void setTimeout(() => untilLate.abort(signal?.reason), ABORT_MS).unref();
  signal?.addEventListener("abort", late, { once: true });
  const starting = requests.send({ ...requestOf(writing), signal: untilLate.signal }, (attempt) =>
    driver.startUpload(key, { signal: attempt.signal, ifAbsent, writer }),
  );
  try {
    return await orAborted(starting, signal);
  } catch (error) {
    starting.then((upload) => abortUpload(writing, upload)).catch(() => {});
    throw error;
  } finally {
    if (signal?.aborted !== true) signal?.removeEventListener("abort", late);
  }
}

async function completeUpload(
  writing: Writing,
  upload: DriverUpload,
  writer: string,
  signal: AbortSignal,
  earlier: number,
): Promise<"created" | "exists"> {
  try {
    const outcome = await upload.complete({ signal });
    if (outcome === "created" || (await findWinner(writing, writer, signal)) === "own") return "created";
    await abortUpload(writing, upload);
    return "exists";
  } catch (error) {
    // A repeated completion finds no upload if the first one, whose answer was lost, completed it,
    // or if another writer came at the same moment.
    if (earlier === 0 || writing.requests.classify(error).kind !== "missing") throw error;
    const winner = await findWinner(writing, writer, signal);
    if (winner === "own") return "created";
    if (winner === "other" && writing.ifAbsent) return "exists";
    throw error;
  }
}

/** Sends several parts concurrently; if a part fails for good, all of them end. */
async function sendParts(
  writing: Writing,
  upload: DriverUpload,
  begun: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<void> {
  let count = 0;
  let isFailed = false;
  const sending = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = async (bytes: Uint8Array): Promise<void> => {
    const part = ++count;
    if (part > upload.maxParts)
      throw new StoreIoError(
        { operation: writing.operation, path: writing.path },
        "it has more parts than the service takes",
      );
    const request = requestOf(writing, bytes.length);
    const send = writing.requests
      .send(request, ({ signal }) => upload.sendPart(part, bytes, { signal }))
      .catch((error: unknown) => {
        isFailed = true;
        failures.push(error);
      })
      .finally(() => sending.delete(send));
    sending.add(send);
    if (sending.size >= LANES) await Promise.race(sending);
  };
  try {
    for (const bytes of begun) await start(bytes);
    while (!isFailed) {
      const next = await rest.next();
      if (next.done === true) break;
      await start(next.value);
    }
  } finally {
    await Promise.all(sending);
  }
  if (failures.length > 0) throw failures[0];
}

/** Aborts the upload. The caller does not wait long for it, and its failure is not reported. */
async function abortUpload(writing: Writing, upload: DriverUpload): Promise<void> {
  try {
    const request = { ...requestOf(writing), signal: AbortSignal.timeout(ABORT_MS) };
    await writing.requests.send(request, ({ signal }) => upload.abort({ signal }));
  } catch {
    // The service removes the parts some day: buckets have a rule for unfinished uploads.
  }
}

function requestOf({ operation, path, signal }: Writing, sentBytes = 0): Request {
  return { operation, path, signal, sentBytes };
}

function newWriter(): string {
  return randomHex(12);
}

function partBytes(index: number): number {
  return PART_BYTES * (1 + Math.floor(index / PARTS_PER_SIZE));
}

/** Cuts a list of chunks into parts; a part within one chunk is a view of it. */
async function* partsOfList(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  let index = 0;
  let group: Uint8Array[] = [];
  let filled = 0;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + partBytes(index) - filled);
      group.push(piece);
      start += piece.length;
      filled += piece.length;
      if (filled < partBytes(index)) continue;
      yield joined(group);
      index++;
      group = [];
      filled = 0;
    }
  }
  if (filled > 0) yield joined(group);
}

/** Cuts a stream into parts that are copies: the source may reuse its memory. */
async function* partsOfStream(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  let index = 0;
  let part = new Uint8Array(0);
  let filled = 0;
  let isDone = false;
  try {
    for (;;) {
      const next = await nextOf(iterator, signal);
      isDone = next.done === true;
      if (next.done === true) break;
      for (let start = 0; start < next.value.length; ) {
        const piece = next.value.subarray(start, start + partBytes(index) - filled);
        part = withRoom(part, filled, filled + piece.length, partBytes(index));
        part.set(piece, filled);
        filled += piece.length;
        start += piece.length;
        if (filled < partBytes(index)) continue;
        yield part;
        index++;
        part = new Uint8Array(0);
        filled = 0;
      }
    }
    if (filled > 0) yield part.subarray(0, filled);
  } finally {
    // This is not awaited: a stuck source would delay the report of an abort.
    if (!isDone) iterator.return?.()?.then(undefined, () => {});
  }
}

/** Returns a part with room, grown by doubling: most objects are far smaller than a full part. */
function withRoom(
  part: Uint8Array<ArrayBuffer>,
  filled: number,
  neededBytes: number,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  if (neededBytes <= part.length) return part;
  const grown = new Uint8Array(Math.min(maxBytes, Math.max(64 * 1024, neededBytes, 2 * part.length)));
  grown.set(part.subarray(0, filled));
  return grown;
}

async function nextOf(
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Uint8Array, unknown>> {
  try {
    return await orAborted(Promise.resolve(iterator.next()), signal);
  } catch (error) {
    throw new CallerFailure("the source of the chunks failed", { cause: error });
  }
}
