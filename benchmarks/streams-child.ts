import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { definePersistable } from "persistable-ts";
import { byteStream } from "persistable-ts/formats/byte-stream";

/** The figures that a process reports about its one action. */
export interface StreamMeasurement {
  readonly elapsedMs: number;
  readonly peakMegabytes: number;
}

const [way = "", action = "", dir = "", megabytes = "0"] = process.argv.slice(2);

async function* generate(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < Number(megabytes); index++) yield Buffer.alloc(1_000_000, index);
}

const dump = definePersistable({ name: "dump", format: byteStream(), generate });

async function read(stream: AsyncIterable<Uint8Array>): Promise<void> {
  let sizeBytes = 0;
  for await (const piece of stream) sizeBytes += piece.length;
  if (sizeBytes !== Number(megabytes) * 1e6) throw new Error(`read ${sizeBytes} bytes`);
}

async function act(): Promise<void> {
  if (way === "ours") {
    const payload = await dump({}, { dataDir: join(dir, "ours") }).payload;
    if (action === "load") await read(payload);
    return;
  }
  mkdirSync(join(dir, "bare"), { recursive: true });
  const file = join(dir, "bare", "dump");
  if (action === "save") await pipeline(generate, createWriteStream(file, { flush: true }));
  else await read(createReadStream(file, { highWaterMark: 1 << 20 }));
}

const startedMs = performance.now();
await act();
process.send?.({
  elapsedMs: performance.now() - startedMs,
  peakMegabytes: process.resourceUsage().maxRSS / 1000,
} satisfies StreamMeasurement);
