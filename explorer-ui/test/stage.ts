import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Explorer, startExplorer } from "../../src/explorer/start-explorer.ts";
import { type TemporaryFolder, temporaryFolder } from "../../test/support/temporary-folder.ts";
import { makeStudy, type Study } from "./fixture-study.ts";

const UI_FOLDER = fileURLToPath(new URL("..", import.meta.url));
const VITE = fileURLToPath(new URL("../../node_modules/vite/bin/vite.js", import.meta.url));
const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

/** All tests in a browser share this: the page, built once, a study on a server, one browser. */
export interface Stage extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  /** The built page. */
  readonly pageFolder: string;
  readonly dataDir: string;
  readonly study: Study;
  /** Serves another data directory. The caller closes it. */
  explore(dataDir: string): Promise<Explorer>;
  /** Opens a window with the token, and notes everything that the browser complains about. */
  openPage(options?: PageOptions): Promise<OpenedPage>;
}

export interface PageOptions {
  readonly width?: number;
  /** The address to open; that of the study by default. */
  readonly url?: string;
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and answers with a status of 400 and more. */
  readonly complaints: string[];
  /** The URLs that the browser has asked for. */
  readonly requests: string[];
  /** Goes to a path as a link would, and waits until nothing is being loaded. */
  visit(path: string): Promise<void>;
}

/** Builds the page from its source, so that what is tested is never an old build. */
export async function setStage(): Promise<Stage> {
  const folder = await temporaryFolder();
  const [pageFolder, dataDir] = [folder.join("page"), folder.join("data")];
  const [browser, study] = await Promise.all([
    // The sandbox of the browser cannot be set up by root, which tests in containers are.
    chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }),
    makeStudy(dataDir),
    buildPage(pageFolder),
  ]);
  const explore = (dir: string, shownAs = "example-data") =>
    startExplorer({
      ...{ dataDir: dir, shownAs, startQuery: "", port: 0, pageFolder },
      token: "0123456789abcdef0123456789abcdef",
    });
  const explorer = await explore(dataDir);
  return {
    ...{ folder, pageFolder, dataDir, study, explore },
    openPage: ({ width = 1280, url = explorer.url } = {}) => openPage(browser, width, url),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await explorer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function buildPage(outDir: string): Promise<void> {
  for (const mode of ["production", "export"]) {
    const args = [VITE, "build", UI_FOLDER, "--mode", mode, "--logLevel", "warn", "--outDir", outDir];
    await promisify(execFile)(process.execPath, args);
  }
}

async function openPage(browser: Browser, width: number, url: string): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width, height: 860 }, acceptDownloads: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return {
    ...{ page, complaints, requests },
    async visit(path) {
      await page.evaluate((target) => {
        history.pushState(null, "", target);
        dispatchEvent(new PopStateEvent("popstate"));
      }, path);
      await settle(page);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Waits until no part of the page says that it is loading. */
export async function settle(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => document.querySelector(".loading") === null);
}
