import type { Picture } from "./picture.ts";

const GAP = 8;
const PAPER = [244, 241, 234, 255];

/**
 * Pictures in rows on one sheet of paper, each in the middle of a cell of the size of the biggest.
 */
export function arrange(pictures: readonly Picture[], columns: number): Picture {
  const cellWidth = Math.max(...pictures.map(({ width }) => width)) + GAP;
  const cellHeight = Math.max(...pictures.map(({ height }) => height)) + GAP;
  const width = Math.min(columns, pictures.length) * cellWidth + GAP;
  const height = Math.ceil(pictures.length / columns) * cellHeight + GAP;
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < pixels.length; i += 4) pixels.set(PAPER, i);
  for (const [i, picture] of pictures.entries()) {
    const left = GAP + (i % columns) * cellWidth + ((cellWidth - GAP - picture.width) >> 1);
    const top = GAP + Math.floor(i / columns) * cellHeight + ((cellHeight - GAP - picture.height) >> 1);
    for (let y = 0; y < picture.height; y++) {
      const row = picture.pixels.subarray(y * picture.width * 4, (y + 1) * picture.width * 4);
      pixels.set(row, ((top + y) * width + left) * 4);
    }
  }
  return { width, height, pixels };
}
