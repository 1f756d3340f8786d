import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The figures that a fresh process measured for one save or load. */
export interface BigArrayMeasurement {
  readonly elapsedMs: number;
  /**
   * The most memory that the process ever had, without what it had before the payload was made or
   * asked for.
   */
  readonly peakBytes: number;
}

// `node big-array-child.js <npy|structured|bare> <save|load> <dir> <number of values>`
const [way, action, dir, length] = process.argv.slice(2) as [string, "save" | "load", string, string];
const valueCount = Number(length);
const { save, load } = way === "bare" ? bareWay() : await ourWay();

const idleBytes = peakRssBytes();
const values = action === "save" ? makeValues() : undefined;
const startedMs = performance.now();
const loaded = values === undefined ? await load() : await save(values);
const elapsedMs = performance.now() - startedMs;
const peakBytes = peakRssBytes() - idleBytes;
assertValues(loaded);
process.send?.({ elapsedMs, peakBytes } satisfies BigArrayMeasurement);
process.disconnect();

interface Way {
  save(values: Float64Array): Float64Array | Promise<Float64Array>;
  load(): Float64Array | Promise<Float64Array>;
}

async function ourWay(): Promise<Way> {
  const { definePersistable, fileStore, npy, structured } = await import("persistable-ts");
  let made: Float64Array | undefined;
  const numbers = definePersistable({
    name: "numbers",
    generate: () => {
      if (made === undefined) throw new Error("not a hit");
      return made;
    },
    format: way === "npy" ? npy() : structured(),
    memory: "shared",
  });
  const dataDir = fileStore(join(dir, way), { durable: false });
  return {
    save(values) {
      made = values;
      return numbers({}, { dataDir }).generate();
    },
    load: () => numbers({}, { dataDir }).payload,
  };
}

function bareWay(): Way {
  const file = join(dir, "bare");
  return {
    save(values) {
      writeFileSync(file, values);
      return values;
    },
    load() {
      const { buffer, byteOffset, byteLength } = readFileSync(file);
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    },
  };
}

/** No two chunks of it are alike. */
function makeValues(): Float64Array {
  const made = new Float64Array(valueCount);
  for (let i = 0; i < made.length; i++) made[i] = i * 1.1;
  return made;
}

function assertValues(array: Float64Array): void {
  if (!(array instanceof Float64Array) || array.length !== valueCount) throw new Error("not the array that was saved");
  for (const i of [0, 1, valueCount >> 1, valueCount - 1]) {
    if (array[i] !== i * 1.1) throw new Error(`value ${i} is ${array[i]}`);
  }
}

/**
 * The peak memory of this process alone, if Linux tells it: `resourceUsage().maxRSS` begins with
 * the peak of the process that started it.
 */
function peakRssBytes(): number {
  if (process.platform === "linux") {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
