import { PNG } from "pngjs";

/** Rows from the top, four bytes for each pixel: red, green, blue, opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export function encodePng({ width, height, pixels }: Picture): Uint8Array {
  const png = new PNG({ width, height });
  png.data.set(pixels);
  return PNG.sync.write(png);
}

/** @throws an Error if the bytes are not a PNG file. */
export function decodePng(bytes: Uint8Array): Picture {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { width, height, pixels: data };
}
