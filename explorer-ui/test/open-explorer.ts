import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Explorer, startExplorer } from "../../src/explorer/start-explorer.ts";

const UI_FOLDER = fileURLToPath(new URL("..", import.meta.url));
const VITE = fileURLToPath(new URL("../../node_modules/vite/bin/vite.js", import.meta.url));
const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

/** A built page on a server, in a browser. */
export interface OpenedExplorer extends AsyncDisposable {
  readonly explorer: Explorer;
  readonly browser: Browser;
  /** Opens a window, with the token, and notes everything that the browser complains about. */
  openPage(options?: PageOptions): Promise<OpenedPage>;
}

export interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and answers with a status of 400 and more. */
  readonly complaints: string[];
  /** Goes to a path, and waits until nothing is being loaded. */
  visit(path: string): Promise<void>;
}

/** Builds the page from its source, so that what is tested is never an old build. */
export async function openExplorer(dataDir: string, buildFolder: string): Promise<OpenedExplorer> {
  const args = [VITE, "build", UI_FOLDER, "--logLevel", "warn", "--outDir", buildFolder];
  await promisify(execFile)(process.execPath, args);
  const explorer = await startExplorer({
    dataDir,
    shownAs: "example-data",
    startQuery: "",
    token: "0123456789abcdef0123456789abcdef",
    port: 0,
    pageFolder: buildFolder,
  });
  // The sandbox of the browser cannot be set up by root, which tests in containers are.
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return {
    explorer,
    browser,
    openPage: (options) => openPage(browser, explorer, options),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await explorer.close();
    },
  };
}

async function openPage(browser: Browser, explorer: Explorer, options: PageOptions = {}): Promise<OpenedPage> {
  const { width = 1280, colorScheme = "light" } = options;
  const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(explorer.url);
  const { origin } = new URL(explorer.url);
  return {
    page,
    complaints,
    async visit(path) {
      await page.goto(new URL(path, origin).href);
      await settle(page);
    },
  };
}

/** Waits until no part of the page says that it is loading. */
export async function settle(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => document.querySelector(".loading") === null);
}
