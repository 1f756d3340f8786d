import type { Picture } from "./picture.ts";

/**
 * The picture with its longer side `maxSide` pixels long, each the mean of the pixels that it
 * covers; smaller ones as they are.
 */
export function shrink(picture: Picture, maxSide: number): Picture {
  const factor = Math.max(picture.width, picture.height) / maxSide;
  if (factor <= 1) return picture;
  const width = Math.max(1, Math.round(picture.width / factor));
  const height = Math.max(1, Math.round(picture.height / factor));
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = covered(y, height, picture.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = covered(x, width, picture.width);
      pixels.set(meanOf(picture, left, right, top, bottom), (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}

function covered(place: number, count: number, of: number): [start: number, end: number] {
  const start = Math.floor((place * of) / count);
  return [start, Math.max(start + 1, Math.floor(((place + 1) * of) / count))];
}

function meanOf({ width, pixels }: Picture, left: number, right: number, top: number, bottom: number): number[] {
  const sums = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++)
      for (let channel = 0; channel < 4; channel++)
        sums[channel] = (sums[channel] ?? 0) + (pixels[(y * width + x) * 4 + channel] ?? 0);
  const count = (right - left) * (bottom - top);
  return sums.map((sum) => Math.round(sum / count));
}
