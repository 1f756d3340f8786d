import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PersistableEvent } from "persistable-ts";
import { expect, test } from "vitest";
import { decodePng, encodePng, type Picture } from "../../examples/thumbnails/picture.ts";
import { contactSheet, thumbnails } from "../../examples/thumbnails/pictures.ts";
import { shrink } from "../../examples/thumbnails/shrink.ts";
import { bundleExample } from "../support/bundle-example.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const drawings = { count: 5, width: 64, height: 48 };

function open(dataDir: string, { columns = 3, maxSide = 16 } = {}) {
  const generated: string[] = [];
  const onEvent = (event: PersistableEvent): void => {
    if (event.type === "generated") generated.push(event.name);
  };
  const sheet = contactSheet({ columns, thumbnails: { maxSide, drawings } }, { dataDir, onEvent });
  return { sheet, generated };
}

const read = (path: string): Picture => decodePng(readFileSync(path));

test("makes only what a change concerns, and loads the rest", async () => {
  await using folder = await temporaryFolder();
  const first = open(folder.path);
  const sheet = read(await first.sheet.payload);
  expect(first.generated).toEqual(["drawings", "thumbnails", "contact-sheet"]);
  expect([sheet.width, sheet.height]).toEqual([3 * 24 + 8, 2 * 20 + 8]);

  const again = open(folder.path);
  expect(read(await again.sheet.payload)).toEqual(sheet);
  expect(again.generated).toEqual([]);

  const wider = open(folder.path, { columns: 5 });
  const wide = read(await wider.sheet.payload);
  expect([wide.width, wide.height]).toEqual([5 * 24 + 8, 20 + 8]);
  expect(wider.generated).toEqual(["contact-sheet"]);

  const smaller = open(folder.path, { maxSide: 8 });
  await smaller.sheet.payload;
  expect(smaller.generated).toEqual(["thumbnails", "contact-sheet"]);
});

test("the thumbnails are on the sheet, pixel by pixel", async () => {
  await using folder = await temporaryFolder();
  const sheet = read(await open(folder.path).sheet.payload);
  const small = await thumbnails({ maxSide: 16, drawings }, { dataDir: folder.path }).payload;
  const names = readdirSync(small).sort();
  expect(names).toHaveLength(drawings.count);
  for (const [i, name] of names.entries()) {
    const picture = read(join(small, name));
    expect([picture.width, picture.height]).toEqual([16, 12]);
    const rows = Array.from({ length: 12 }, (_, y) => {
      const start = ((8 + Math.floor(i / 3) * 20 + y) * sheet.width + 8 + (i % 3) * 24) * 4;
      return sheet.pixels.subarray(start, start + 16 * 4);
    });
    expect(Buffer.compare(Buffer.concat(rows), picture.pixels)).toBe(0);
  }
});

test("a thumbnail that somebody paints over is noticed, and all are made anew", async () => {
  await using folder = await temporaryFolder();
  await open(folder.path).sheet.payload;
  const open1 = () => thumbnails({ maxSide: 16, drawings }, { dataDir: folder.path });
  const small = await open1().payload;
  const [name = ""] = readdirSync(small);
  const painted = join(small, name);
  const before = readFileSync(painted);
  chmodSync(painted, 0o644);
  writeFileSync(painted, encodePng({ width: 16, height: 12, pixels: new Uint8Array(16 * 12 * 4) }));
  expect(readFileSync(join(await open1().payload, name))).toEqual(before);
});

test("a pixel of a thumbnail is the mean of those that it covers", () => {
  const pixels = Uint8Array.from({ length: 4 * 2 * 4 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(i / 4) * 10));
  expect(shrink({ width: 4, height: 2, pixels }, 2)).toEqual({
    width: 2,
    height: 1,
    pixels: Uint8Array.of(25, 25, 25, 255, 45, 45, 45, 255),
  });
  expect(shrink({ width: 4, height: 2, pixels }, 4).pixels).toBe(pixels);
});

test("the program says what it makes, and where the sheet lies", async () => {
  await using folder = await temporaryFolder();
  const program = await bundleExample("thumbnails");
  const options = ["--data-dir", folder.path, "--count", "2", "--max-side", "32"];
  const run = (): string => execFileSync(process.execPath, [program, ...options], { encoding: "utf8" });
  expect(run()).toMatch(
    /drawings generated in .*thumbnails generated in .*contact-sheet generated in .*The sheet: .*\.png/s,
  );
  expect(run()).toMatch(/^contact-sheet loaded\nThe sheet: .*\.png\n$/);
});
