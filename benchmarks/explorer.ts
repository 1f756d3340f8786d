import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openCatalog } from "persistable-ts/catalog";
// biome-ignore lint/correctness/noUndeclaredDependencies: the workspace of the page declares it.
import { type Browser, chromium, type Page } from "playwright-core";
import { definePersistable, typedParams } from "../src/entry/index.ts";
import { writeRecords } from "../test/support/write-records.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** `BENCHMARK_ARTIFACTS=10000` chooses another number. */
const COUNT = Number(
  process.env.BENCHMARK_ARTIFACTS ?? (process.env.BENCHMARK_HUGE === undefined ? 100_000 : 1_000_000),
);
const CHROMIUM = "/usr/bin/chromium";
const ROUNDS = 3;
const NAME = "estimator";
const QUERY = "zThreshold>4 n=300 kind=wide";
const FIELDS = ["zThreshold", "n", "kind", "randomState", "created"];
/** A column of each kind, as its header says it. */
const SORTED = { number: "randomState", text: "kind", time: "created", address: "address" };

const estimator = definePersistable({
  name: NAME,
  params: typedParams<{ zThreshold: number; n: number; kind: string; randomState: number }>(),
  generate: () => 1,
});

/**
 * The benchmark measures what a reader of the page waits for, in a real browser. Each round has a
 * server of its own, since a server keeps the orders that it has made. The figures are minima: all
 * rounds do the same, so whatever is more is the work of other processes.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  if (!existsSync(CHROMIUM)) return { name: "explorer", rows: [], notes: [`${CHROMIUM} is not installed.`] };
  // `BENCHMARK_DATA_DIR` is a folder of such artifacts that is already there.
  const existing = process.env.BENCHMARK_DATA_DIR;
  if (existing !== undefined) return measure(existing);
  return withTemporaryFolder((folder) => {
    writeRecords(folder, artifacts());
    return measure(folder);
  });
}

function* artifacts() {
  for (let i = 0; i < COUNT; i++)
    yield estimator({ zThreshold: i % 10, n: 100 * (i % 7), kind: i % 3 === 0 ? "wide" : "narrow", randomState: i });
}

async function measure(folder: string): Promise<BenchmarkReport> {
  const catalog = openCatalog(folder);
  const { total } = await catalog.find(NAME, { limit: 1 });
  await catalog.close();
  // The sandbox of the browser cannot be set up by root, which builds in containers are.
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const rounds: BenchmarkRow[][] = [];
  try {
    while (rounds.length < ROUNDS) rounds.push(await measureRound(folder, browser));
  } finally {
    await browser.close();
  }
  const rows = (rounds[0] ?? []).map((row, place) => ({
    ...row,
    case: `${total}: ${row.case}`,
    ours: Math.min(...rounds.map((round) => round[place]?.ours ?? Number.NaN)),
  }));
  return { name: "explorer", rows, notes: ["All figures are minima of rounds."] };
}

async function measureRound(folder: string, browser: Browser): Promise<BenchmarkRow[]> {
  const command = join("dist", "entry", "bin", "persistable.js");
  const server = spawn(process.execPath, [command, "explore", "--data-dir", folder, "--no-open"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  try {
    const url = await printedUrl(server.stdout);
    const page = await context.newPage();
    const rows = [
      {
        case: "the first page",
        ours: await timed(async () => {
          await page.goto(url);
          await page.locator("#row-0 a").first().waitFor();
        }),
        unit: "ms",
        goal: 1000,
      },
      { case: "three terms, until rows are seen", ours: await timeFilter(page), unit: "ms", goal: 300 },
    ];
    for (const [kind, field] of Object.entries(SORTED))
      rows.push({ case: `sort by a column: ${kind}`, ours: await timeSort(page, url, field), unit: "ms", goal: 500 });
    await page.getByRole("grid").press("End");
    await page
      .locator(`#row-${COUNT - 1} a, tr[data-active=true] a`)
      .first()
      .waitFor();
    rows.push(
      { case: "rows in the document", ours: await page.locator("tr").count(), unit: "rows", goal: 80 },
      { case: "heap of the page", ours: await heapMegabytes(page), unit: "MB", goal: 50 },
    );
    return rows;
  } finally {
    await context.close();
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
  }
}

function printedUrl(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    output.on("data", (chunk) => {
      text += String(chunk);
      const [url] = /http:\/\/\S+/.exec(text) ?? [];
      if (url !== undefined) resolve(url);
    });
    output.on("end", () => reject(new Error(`The explorer has printed no URL: ${text}`)));
  });
}

async function timeFilter(page: Page): Promise<number> {
  await page.keyboard.press("/");
  await page.keyboard.type(QUERY);
  const count = page.locator(".count");
  const before = await count.innerText();
  return timed(async () => {
    await page.keyboard.press("Enter");
    await count.filter({ hasText: " of ", hasNotText: before }).waitFor();
    await page.locator("#row-0 a").first().waitFor();
  });
}

/** From the newest first, which every column puts elsewhere, until another row is the first. */
async function timeSort(page: Page, url: string, field: string): Promise<number> {
  await page.goto(new URL(`/?c=${FIELDS.join(",")}`, url).href);
  const link = page.locator("#row-0 a").first();
  const before = await link.getAttribute("href");
  const button = page.getByRole("columnheader", { name: field }).getByRole("button");
  await button.waitFor();
  return timed(async () => {
    await button.click();
    await page.locator("th[aria-sort=ascending]").waitFor();
    await page.locator(`#row-0 a:not([href='${before}'])`).first().waitFor();
  });
}

async function heapMegabytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
