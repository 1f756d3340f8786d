import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chosenCases } from "../../test/support/chosen-cases.ts";
import { type TemporaryFolder, temporaryFolder } from "../../test/support/temporary-folder.ts";
import { makeOneMore, makeStudy, type Study } from "./fixture-study.ts";
import { hasChromium, type OpenedExplorer, openExplorer, settle } from "./open-explorer.ts";

let folder: TemporaryFolder;
let study: Study;
let opened: OpenedExplorer;

const short = (address: string) => address.slice(0, 8);

/** Each page, with something that it shows when all of it has come. */
const PAGES: readonly (readonly [string, () => string, string])[] = [
  ["artifacts", () => "/", "[role=grid] tbody tr[aria-rowindex='10']"],
  ["a number", () => `/a/${short(study.addresses.best)}`, ".two-columns .leaf"],
  ["a text", () => `/a/${short(study.addresses.report)}`, "pre.payload"],
  ["an array", () => `/a/${short(study.addresses.wave)}`, ".plot-place svg"],
  ["a picture", () => `/a/${short(study.addresses.pixel)}`, "img.payload-image"],
  ["a folder", () => `/a/${short(study.addresses.pages)}`, "button.link"],
  ["a file of a folder", () => `/a/${short(study.addresses.pages)}?f=index.html`, "pre.payload"],
  ["a table", () => `/a/${short(study.addresses.points)}`, ".data-table .bars"],
  ["a failure", () => `/a/${short(study.addresses.failed)}`, ".notice"],
  ["a name", () => "/d/estimator", ".plot-place svg"],
  ["a comparison", () => `/compare?a=${short(study.addresses.best)}&a=${short(study.addresses.report)}`, ".differs"],
  ["a graph", () => `/graph?of=${short(study.addresses.report)}&up=3`, ".react-flow__node"],
  ["runs", () => "/runs", ".data-table td"],
  ["a run", () => `/runs/${study.runId}`, ".node-bar"],
  ["a heat map", () => "/sweep?name=estimator", ".plot-place svg"],
  ["dots", () => "/sweep?name=estimator&v=dots", ".plot-place svg"],
  ["parallel axes", () => "/sweep?name=estimator&v=parallel", ".plot-place svg"],
  ["a sweep as a table", () => "/sweep?name=estimator&t=1", ".drawing td"],
  ["why", () => "/why?name=estimator&p=zThreshold%3D77", ".changes"],
  ["disk", () => "/disk?olderThan=30d", ".plot-place svg"],
  ["trouble", () => "/trouble", ".data-table td"],
];
const LOOKS = [
  { width: 1280, colorScheme: "light" },
  { width: 1280, colorScheme: "dark" },
  { width: 400, colorScheme: "dark" },
  { width: 400, colorScheme: "light" },
] as const;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

describe.skipIf(!hasChromium)("the explorer in a browser", () => {
  beforeAll(async () => {
    folder = await temporaryFolder();
    study = await makeStudy(folder.join("data"));
    opened = await openExplorer(folder.join("data"), folder.join("page"));
  });

  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it.each(chosenCases(LOOKS, 2))("shows every page without a complaint, $colorScheme and $width wide", async (look) => {
    const { page, visit, complaints } = await opened.openPage(look);
    for (const [name, path, shows] of PAGES) {
      await visit(path());
      await page.locator(shows).first().waitFor();
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      expect({ name, complaints, found }).toEqual({ name, complaints: [], found: [] });
      const facts = await page.evaluate(() => ({
        rows: document.querySelectorAll("tr").length,
        tooWide: document.documentElement.scrollWidth - window.innerWidth,
        heading: document.querySelector("h1")?.textContent ?? "",
      }));
      expect({ name, hasFewRows: facts.rows < 80, tooWide: facts.tooWide }).toEqual({
        name,
        hasFewRows: true,
        tooWide: 0,
      });
      expect(facts.heading).not.toBe("");
    }
    await page.context().close();
  });

  it("shows the same after a reload, since everything visible is in the URL", async () => {
    const { page, visit } = await opened.openPage();
    await visit("/?q=estimator+points.n%3D100&s=-zThreshold");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.waitForFunction(() => document.querySelectorAll("tr[aria-selected=true]").length === 2);
    const seen = () => page.locator("main").innerText();
    const before = await seen();
    const { search } = new URL(page.url());
    expect(new URLSearchParams(search).getAll("a")).toHaveLength(2);
    await page.reload();
    await settle(page);
    await page.waitForFunction(() => document.querySelectorAll("tr[aria-selected=true]").length === 2);
    expect((await seen()).replaceAll(/\d+ (?:s|min) ago|now/g, "")).toBe(
      before.replaceAll(/\d+ (?:s|min) ago|now/g, ""),
    );
    expect(before).toContain("60 of 188");
    await page.context().close();
  });

  it("lets the keyboard alone find the best of a sweep, compare it and explain it", async () => {
    const { page, visit, complaints } = await opened.openPage();
    await visit("/");
    await page.keyboard.press("/");
    await page.keyboard.type("estimator points.n=200 summary.k?");
    await page.keyboard.press("Enter");
    await page.getByText("60 of 188").waitFor();
    await page.keyboard.press("Escape");
    const sort = page.getByRole("columnheader", { name: "summary.k" }).getByRole("button");
    await sort.press("Enter");
    await page.locator("th[aria-sort=ascending]").waitFor();
    await sort.press("Enter");
    await page.locator("th[aria-sort=descending]").waitFor();
    await page.locator(`#row-0 a[href='/a/${short(study.addresses.best)}']`).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("x");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("x");
    await page.getByText("2 chosen").waitFor();
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "What differs" }).waitFor();
    expect(await page.locator("main table").innerText()).toContain("zThreshold");
    await page.keyboard.press("[");
    // What is chosen is in the URL; the rows come later.
    await page.locator("#row-0").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Params" }).waitFor();
    await page.keyboard.press("w");
    await page.getByRole("heading", { name: /The nearest/ }).waitFor();
    expect(await page.locator("main").innerText()).toContain("zThreshold");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("holds a few rows of a long table, and shows the last one with End", async () => {
    const { page, visit } = await opened.openPage();
    await visit("/?s=created");
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page
      .locator(`#row-${study.total - 1} a`)
      .first()
      .waitFor();
    expect(await page.locator("tr").count()).toBeLessThan(80);
    await page.context().close();
  });

  it("says where a query is wrong, and what to do", async () => {
    const { page, visit } = await opened.openPage();
    await visit("/?q=zThreshold%3E%3E1");
    const problem = page.getByRole("alert");
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/\^/);
    await page.context().close();
  });

  it("adds what is new only when the reader asks", async () => {
    const { page, visit } = await opened.openPage();
    await visit("/");
    await page.getByText("● live").waitFor();
    const first = await page.locator("#row-0 a").allInnerTexts();
    await makeOneMore(folder.join("data"));
    const news = page.getByRole("button", { name: /1 new/ });
    await news.waitFor();
    expect(await page.locator("#row-0 a").allInnerTexts()).toEqual(first);
    await news.click();
    await page.getByText(`${study.total + 1} of ${study.total + 1}`).waitFor();
    await page.context().close();
  });
});
