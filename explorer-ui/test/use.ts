import { expect, it } from "vitest";
import { makeOneMore } from "./fixture-study.ts";
import { type Stage, settle } from "./stage.ts";

const short = (address: string) => address.slice(0, 8);

export function testUse(stage: () => Stage): void {
  it("shows the same after a reload, since everything visible is in the URL", async () => {
    await using opened = await stage().openPage();
    const { page, visit } = opened;
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
  });

  it("lets the keyboard alone find the best of a sweep, compare it and explain it", async () => {
    await using opened = await stage().openPage();
    const { page, visit, complaints } = opened;
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
    await page.locator(`#row-0 a[href='/a/${short(stage().study.addresses.best)}']`).waitFor();
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
  });

  it("holds a few rows of a long table, and shows the last one with End", async () => {
    await using opened = await stage().openPage();
    const { page, visit } = opened;
    await visit("/?s=created");
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page
      .locator(`#row-${stage().study.total - 1} a`)
      .first()
      .waitFor();
    expect(await page.locator("tr").count()).toBeLessThan(80);
  });

  it("completes the names, fields and values of a query", async () => {
    await using opened = await stage().openPage();
    const { page, visit, complaints } = opened;
    await visit("/");
    const offered = (query: string) =>
      page.locator(`#query-completions option[value='${query}']`).waitFor({ state: "attached" });
    await page.keyboard.press("/");
    await page.keyboard.type("est");
    await offered("estimator");
    await page.keyboard.type("imator -zThr");
    await offered("estimator -zThreshold=");
    await page.keyboard.type("eshold=1");
    await offered("estimator -zThreshold=12");
    expect(complaints).toEqual([]);
  });

  it("goes back from an artifact to its row, at the end of a long table", async () => {
    await using opened = await stage().openPage();
    const { page, visit } = opened;
    await visit("/?s=created");
    const last = page.locator(`#row-${stage().study.total - 1}`);
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    const address = await last.locator("a").first().innerText();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Params" }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/a/${address}`);
    await page.goBack();
    // The rows come in windows, so that the first ones may be in the document for a moment.
    await page.waitForFunction(
      (id) => {
        const row = document.getElementById(id)?.getBoundingClientRect();
        const box = document.querySelector(".scroll.grid")?.getBoundingClientRect();
        return row !== undefined && box !== undefined && row.top >= box.top && row.bottom <= box.bottom + 1;
      },
      `row-${stage().study.total - 1}`,
    );
    expect(await last.getAttribute("data-active")).toBe("true");
    expect(await last.locator("a").first().innerText()).toBe(address);
  });

  it("says where a query is wrong, and what to do", async () => {
    await using opened = await stage().openPage();
    const { page, visit } = opened;
    await visit("/?q=zThreshold%3E%3E1");
    const problem = page.getByRole("alert");
    await problem.waitFor();
    expect(await problem.innerText()).toMatch(/\^/);
  });

  it("adds what is new only when the reader asks", async () => {
    await using opened = await stage().openPage();
    const { page, visit } = opened;
    await visit("/");
    await page.getByText("● live").waitFor();
    const first = await page.locator("#row-0 a").allInnerTexts();
    await makeOneMore(stage().dataDir);
    const news = page.getByRole("button", { name: /1 new/ });
    await news.waitFor();
    expect(await page.locator("#row-0 a").allInnerTexts()).toEqual(first);
    await news.click();
    await page.getByText(`${stage().study.total + 1} of ${stage().study.total + 1}`).waitFor();
  });
}
