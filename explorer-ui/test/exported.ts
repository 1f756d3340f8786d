import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { exportExplorer } from "../../src/explorer/export-explorer.ts";
import { PAGES } from "./looks.ts";
import { type Stage, settle } from "./stage.ts";

/** Questions that a file has no answer to: it holds no payload, and no policy can be tried. */
const NOT_IN_FILE: ReadonlySet<string> = new Set(["a file of a folder", "why", "disk"]);

async function exportTo(stage: Stage, name: string, limits?: { artifacts: number; pages: number }): Promise<string> {
  const template = await readFile(`${stage.pageFolder}/export.html`, "utf8");
  const { dataDir } = stage;
  const options = { dataDir, shownAs: "example-data", query: "", template, limits };
  const { html } = await exportExplorer({ ...options, signal: new AbortController().signal });
  const file = stage.folder.join(name);
  await writeFile(file, html);
  return pathToFileURL(file).href;
}

export function testExported(stage: () => Stage): void {
  it("shows every page from one exported file, and asks nothing of anyone", async () => {
    const file = await exportTo(stage(), "all.html");
    await using opened = await stage().openPage({ url: file });
    const { page, complaints, requests } = opened;
    for (const [name, path, shows] of PAGES.filter(([name]) => !NOT_IN_FILE.has(name))) {
      await page.goto(`${file}#${path(stage().study)}`);
      await settle(page);
      await page.locator(shows).first().waitFor();
      expect({ name, complaints }).toEqual({ name, complaints: [] });
    }
    expect(requests.filter((url) => !url.startsWith("blob:")).map((url) => url.split("#")[0])).toEqual(
      requests.flatMap((url) => (url.startsWith("blob:") ? [] : [file])),
    );
  });

  it("holds the license of each package whose code is in the page", async () => {
    const served = await readFile(`${stage().pageFolder}/THIRD-PARTY-LICENSES.txt`, "utf8");
    const packages = served.match(/^\S+ \d+\.\d+\.\d+ \(.+\)$/gm) ?? [];
    expect(packages).toContainEqual(expect.stringMatching(/^react-dom /));
    const html = await readFile(`${stage().pageFolder}/export.html`, "utf8");
    const [, licenses] = html.split('<script id="third-party-licenses" type="text/plain">');
    for (const each of packages) expect(licenses).toContain(`${each}\n`);
  });

  it("filters, sorts, chooses and compares in an exported file, and keeps that in its address", async () => {
    const file = await exportTo(stage(), "used.html");
    await using opened = await stage().openPage({ url: file });
    const { page, complaints } = opened;
    await page.getByText(/188 of 188 artifacts|189 of 189 artifacts/).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("estimator points.n=200 zThreshold>50");
    await page.keyboard.press("Enter");
    await page.getByText(/^1[01] of 18[89]$/).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "zThreshold" }).getByRole("button").press("Enter");
    await page.locator("th[aria-sort=ascending]").waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("2 chosen").waitFor();
    expect(page.url()).toMatch(/all|used\.html#\/\?q=estimator/);
    await page.reload();
    await page.getByText("2 chosen").waitFor();
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "What differs" }).waitFor();
    expect(await page.locator("main table").innerText()).toContain("zThreshold");
    await page.keyboard.press("[");
    const saving = page.waitForEvent("download");
    await page.locator("#row-0").waitFor();
    await page.keyboard.press("e");
    await page.getByRole("button", { name: "CSV" }).first().press("Enter");
    expect((await saving).suggestedFilename()).toBe("artifacts.csv");
    expect(complaints).toEqual([]);
  });

  it("says how much of a data directory an exported file holds, and what it does not", async () => {
    const file = await exportTo(stage(), "part.html", { artifacts: 20, pages: 3 });
    await using opened = await stage().openPage({ url: file });
    const { page } = opened;
    expect(await page.getByRole("note").innerText()).toMatch(/20 of 18[89] artifacts, 3 of them with record/);
    await page.locator("#row-19 a").first().click();
    await page.getByText("is not in the file").waitFor();
    await page.getByRole("heading", { name: "Params" }).waitFor();
  });
}
