import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { definePersistable } from "persistable-ts";
import { directory } from "persistable-ts/formats/directory";
import { file } from "persistable-ts/formats/file";
import { z } from "zod";
import { arrange } from "./arrange.ts";
import { drawJulia } from "./draw-julia.ts";
import { decodePng, encodePng } from "./picture.ts";
import { shrink } from "./shrink.ts";

/**
 * Just outside the heart of the Mandelbrot set, on whose edge the constants lie: there the sets
 * have most detail, and all fit the frame.
 */
const EDGE_FACTOR = 1.06;

/** Julia sets, a PNG file each: the slow step, whose payload is a folder. */
export const drawings = definePersistable({
  name: "drawings",
  params: z.object({
    count: z.int().positive().max(999).default(12),
    width: z.int().positive().default(640),
    height: z.int().positive().default(480),
  }),
  format: directory(),
  generate: async ({ params: { count, width, height }, workDir, signal }) => {
    for (let i = 0; i < count; i++) {
      signal.throwIfAborted();
      // Half a turn: the other half has the mirror images.
      const angle = (Math.PI * (i + 0.5)) / count;
      const re = EDGE_FACTOR * (Math.cos(angle) / 2 - Math.cos(2 * angle) / 4);
      const im = EDGE_FACTOR * (Math.sin(angle) / 2 - Math.sin(2 * angle) / 4);
      const drawing = drawJulia(width, height, re, im);
      await writeFile(join(workDir, `julia-${String(i).padStart(3, "0")}.png`), encodePng(drawing));
    }
    return workDir;
  },
});

/** The same files, small. */
export const thumbnails = definePersistable({
  name: "thumbnails",
  params: z.object({ maxSide: z.int().positive().default(160) }),
  dependencies: { drawings },
  format: directory(),
  generate: async ({ params, dependencies, workDir, signal }) => {
    const folder = await dependencies.drawings.payload;
    for (const name of await readdir(folder)) {
      signal.throwIfAborted();
      const small = shrink(decodePng(await readFile(join(folder, name))), params.maxSide);
      await writeFile(join(workDir, name), encodePng(small));
    }
    return workDir;
  },
});

/** All of them on one sheet, a single PNG file. */
export const contactSheet = definePersistable({
  name: "contact-sheet",
  params: z.object({ columns: z.int().positive().default(4) }),
  dependencies: { thumbnails },
  format: file({ extension: ".png" }),
  generate: async ({ params, dependencies, workDir }) => {
    const folder = await dependencies.thumbnails.payload;
    const names = (await readdir(folder)).sort();
    const pictures = await Promise.all(names.map(async (name) => decodePng(await readFile(join(folder, name)))));
    const path = join(workDir, "sheet.png");
    await writeFile(path, encodePng(arrange(pictures, params.columns)));
    return path;
  },
});
