// @ts-check
// `npm run picture`: makes the data of the demo, opens it in the explorer, and takes the picture of
// the README, `docs/explorer.png`. Needs Debian's chromium.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const { chromium } = createRequire(join(root, "explorer-ui/package.json"))("playwright-core");
const picture = join(root, "docs/explorer.png");
const folder = mkdtempSync(join(tmpdir(), "persistable-picture-"));
const dataDir = join(folder, "example-data");
const command = join(root, "dist/entry/bin/persistable.js");

try {
  const demo = spawnSync(process.execPath, [join(root, "scripts/demo.mjs"), "--data-dir", dataDir]);
  if (demo.status !== 0) throw new Error(`The demo failed: ${demo.stderr}`);
  const explorer = spawn(process.execPath, [command, "explore", "--data-dir", "example-data", "--no-open"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(explorer.stdout, "data");
  await takePicture(String(line).trim());
  explorer.kill("SIGINT");
  await once(explorer, "exit");
  console.log(`${picture}: ${statSync(picture).size} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} url */
async function takePicture(url) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1120, height: 600 }, colorScheme: "light" });
  await page.goto(url);
  await page.locator("#row-0 a").first().waitFor();
  await page.getByText("● live").waitFor();
  // The vectors: what they were made with, from what, and what they look like.
  await page.goto(new URL(process.env.PICTURE_OF ?? "/?q=", url).href);
  await page.locator("#row-0 a").first().waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
  await page.screenshot({ path: picture });
  await browser.close();
}
