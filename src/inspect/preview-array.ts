import { DecodeError } from "../errors/format-errors.ts";
import type { NpyArray } from "../format/npy/npy-array.ts";
import { decodeNpyHeader } from "../format/npy/npy-header.ts";
import type { PayloadSource } from "../format/payload-source.ts";
import type { ArrayPreview } from "../format/preview.ts";
import type { Room } from "./room.ts";
import { statisticsOf } from "./statistics.ts";

const HEADER_BYTES = 66 * 1024;
const FIRST_VALUES = 20;
const SAMPLES = { line: 256, grid: 64 };

/** Previews a .npy file, of which it only reads the beginning. */
export async function previewNpy(source: PayloadSource, room: Room): Promise<ArrayPreview> {
  const { kind, shape, start } = decodeNpyHeader(await source.read(0, HEADER_BYTES));
  const count = shape.reduce((product, size) => product * size, 1);
  if (count * kind.sizeBytes !== source.sizeBytes - start)
    throw new DecodeError("npy", "their shape does not fit their size");
  const read = Math.min(count, Math.floor(room.limits.maxReadBytes / kind.sizeBytes));
  // The bytes are copied, since an array has to begin at a multiple of the size of its numbers.
  const bytes = Uint8Array.from(await source.read(start, start + read * kind.sizeBytes));
  return previewArray(kind.create(bytes.buffer, 0, read), shape, room, count);
}

/** Previews an array in memory, or the beginning of an array that has `count` numbers in all. */
export function previewArray(
  data: NpyArray,
  shape: readonly number[],
  room: Room,
  count: number = data.length,
): ArrayPreview {
  const type = data.constructor.name
    .replace(/Array$/, "")
    .replace("Big", "")
    .toLowerCase();
  const values: string[] = [];
  for (let index = 0; index < Math.min(FIRST_VALUES, data.length); index++) values.push(room.text(String(data[index])));
  return {
    kind: "array",
    type: type.replace("uintclamped", ""),
    shape,
    count,
    statistics: statisticsOf(data.length, (index) => data[index], room),
    values,
    samples: samplesOf(data, shape, room),
  };
}

function samplesOf(data: NpyArray, shape: readonly number[], room: Room): (number | null)[][] {
  const [height = 1, width = 1] = shape.length === 2 ? shape : [1, data.length];
  const rowsRead = width === 0 ? 0 : Math.min(height, Math.floor(data.length / width));
  const most = shape.length === 2 ? SAMPLES.grid : SAMPLES.line;
  const samples: (number | null)[][] = [];
  for (const row of evenly(rowsRead, SAMPLES.grid)) {
    if (room.isFull) break;
    samples.push(evenly(width, most).map((column) => sampleOf(data[row * width + column], room)));
  }
  return samples;
}

function sampleOf(value: number | bigint | undefined, room: Room): number | null {
  const number = Number(value);
  room.take(12);
  return Number.isFinite(number) ? Number(number.toPrecision(6)) : null;
}

/** Returns up to `most` of the numbers below `count`, at even distances. */
function evenly(count: number, most: number): number[] {
  const length = Math.min(count, most);
  return Array.from({ length }, (_, index) => Math.floor((index * count) / length));
}
