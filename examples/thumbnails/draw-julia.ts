import type { Picture } from "./picture.ts";

const MAX_STEPS = 160;
const HALF_HEIGHT = 1.15;
/** The colors of a palette by their positions; a color between two positions is a mixture. */
const PALETTE = [
  [11, 16, 38],
  [28, 61, 110],
  [64, 145, 160],
  [246, 220, 170],
  [226, 114, 60],
  [96, 24, 48],
  [11, 16, 38],
] as const;

/** The Julia set of z² + c: how soon each point leaves a circle of radius 16, as a color. */
export function drawJulia(width: number, height: number, re: number, im: number): Picture {
  const pixels = new Uint8Array(width * height * 4);
  const scale = (2 * HALF_HEIGHT) / height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const steps = countSteps((x + 0.5 - width / 2) * scale, (y + 0.5 - height / 2) * scale, re, im);
      pixels.set(colorOf(steps), (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}

/** Whole steps and a part of the next, so that there are no bands. */
function countSteps(x: number, y: number, re: number, im: number): number {
  let [zx, zy] = [x, y];
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const square = zx * zx + zy * zy;
    if (square > 256) return steps + 1 - Math.log2(Math.log2(square) / 8);
    [zx, zy] = [zx * zx - zy * zy + re, 2 * zx * zy + im];
  }
  return MAX_STEPS;
}

function colorOf(steps: number): [red: number, green: number, blue: number, opacity: number] {
  if (steps >= MAX_STEPS) return [11, 16, 38, 255];
  const place = Math.min(1, Math.sqrt(Math.max(0, steps) / 60)) * (PALETTE.length - 1);
  const below = PALETTE[Math.min(Math.floor(place), PALETTE.length - 2)] ?? PALETTE[0];
  const above = PALETTE[Math.min(Math.floor(place) + 1, PALETTE.length - 1)] ?? PALETTE[0];
  const share = place - Math.min(Math.floor(place), PALETTE.length - 2);
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(below[channel] + (above[channel] - below[channel]) * Math.min(1, share));
  return [mix(0), mix(1), mix(2), 255];
}
