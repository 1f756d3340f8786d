import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { makeOneMore } from "./fixture-study.ts";
import type { Stage } from "./stage.ts";

const CHILD = fileURLToPath(new URL("serve-child.ts", import.meta.url));
const TOKEN = "0123456789abcdef0123456789abcdef";

async function serve(stage: Stage, port: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = ["--import", "tsx", CHILD, stage.dataDir, stage.pageFolder, port, TOKEN];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { child, url: String(line).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

export function testRestarts(stage: () => Stage): void {
  it("says that its server was killed, and goes on with its view when the server is back", async () => {
    const first = await serve(stage(), "0");
    const { port } = new URL(first.url);
    await using opened = await stage().openPage({ url: first.url });
    const { page, visit } = opened;
    await visit("/?q=estimator+points.n%3D100&s=-zThreshold");
    await page.locator("#row-0").waitFor();
    await page.keyboard.press("x");
    await page.getByText("● live").waitFor();
    const rows = await page.locator("#row-0, #row-1, #row-2").allInnerTexts();
    await kill(first.child);
    await page.getByText("no connection, trying again").waitFor();
    expect(await page.locator("#row-0, #row-1, #row-2").allInnerTexts()).toEqual(rows);
    const second = await serve(stage(), port);
    await page.getByText("● live").waitFor();
    await page.getByText("60 of 18").waitFor();
    expect(await page.locator("#row-0, #row-1, #row-2").allInnerTexts()).toEqual(rows);
    expect(new URL(page.url()).search).toMatch(/^\?q=estimator\+points\.n%3D100&s=-zThreshold&a=[0-9a-f]{8}$/);
    // It answers again, not only in words.
    await visit("/runs");
    await page.locator(".data-table td").first().waitFor();
    await kill(second.child);
  });

  it("says that its data directory was deleted while it is shown, and goes on when it is back", async () => {
    const dataDir = stage().folder.join("deleted");
    await makeOneMore(dataDir);
    const explorer = await stage().explore(dataDir);
    await using opened = await stage().openPage({ url: explorer.url });
    const { page, visit } = opened;
    await page.locator("#row-0 a").first().waitFor();
    const address = await page.locator("#row-0 a").first().innerText();
    await rename(dataDir, `${dataDir}-gone`);
    const alert = page.getByRole("alert").filter({ hasText: "cannot be read" });
    await alert.waitFor();
    await visit("/disk");
    await rename(`${dataDir}-gone`, dataDir);
    await alert.waitFor({ state: "detached" });
    await visit("/");
    await page.getByRole("link", { name: address }).waitFor();
    await explorer.close();
  });
}
