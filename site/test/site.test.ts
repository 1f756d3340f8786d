import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { base, built, type ServedSite, serveSite } from "./serve-site.ts";

const CHROMIUM = "/usr/bin/chromium";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const PAGES = [
  "",
  "docs/getting-started.html",
  "docs/errors.html",
  "docs/reference/index.html",
  "docs/reference/persistable-ts/functions/definePersistable.html",
] as const;

const names = readdirSync(built, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
const pages = new Map(names.map((name) => [name, readFileSync(path.join(built, name), "utf8")]));

/** The targets of the links and pictures of a page, below the base. */
function linksOf(page: string): string[] {
  const [, main = page] = /<main[^>]*>([\s\S]*)<\/main>/.exec(page) ?? [];
  return [...main.matchAll(/ (?:href|src)="([^"]+)"/g)].map(([, target = ""]) => target.replaceAll("&amp;", "&"));
}

test("every link leads to a page and a heading that are there", () => {
  expect(pages.size).toBeGreaterThan(500);
  const dead: string[] = [];
  for (const [name, text] of pages) {
    for (const link of linksOf(text)) {
      if (/^(?:https?|mailto|data):/.test(link)) continue;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? name : path.posix.relative(base, path.posix.resolve(base, path.dirname(name), file));
      const page = pages.get(target === "" ? "index.html" : target);
      const isThere = page ?? (existsSync(path.join(built, target)) ? "" : undefined);
      if (isThere === undefined || (anchor && !page?.includes(`id="${decodeURIComponent(anchor)}"`)))
        dead.push(`${name}: ${link}`);
    }
  }
  expect(dead).toEqual([]);
});

test("every page of docs/ is in the list at the side", () => {
  const start = pages.get("docs/getting-started.html") ?? "";
  const docs = names.filter((name) => /^docs\/[^/]+$/.test(name));
  expect(docs.length).toBeGreaterThan(20);
  expect(docs.filter((name) => !start.includes(`href="${base}${name}"`))).toEqual([]);
});

describe.skipIf(!existsSync(CHROMIUM))("the site in a browser", () => {
  let site: ServedSite;
  let browser: Browser;

  beforeAll(async () => {
    site = await serveSite();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  test.each(["light", "dark"] as const)("has no complaint and nothing that hinders, %s", async (colorScheme) => {
    const context = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => new URL(request.url()).hostname !== "127.0.0.1" && complaints.push(request.url()));
    for (const name of PAGES) {
      await page.goto(site.urlOf(name), { waitUntil: "networkidle" });
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
      complaints.push(...found.map((violation) => `${name}: ${violation}`));
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("finds a word without a server that searches", async () => {
    const page = await browser.newPage();
    await page.goto(site.urlOf("docs/getting-started.html"), { waitUntil: "networkidle" });
    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill("staleWhileRevalidate");
    await page.getByRole("option").first().waitFor();
    expect(await page.getByRole("option").count()).toBeGreaterThan(1);
    await page.close();
  });

  test("is read without JavaScript", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(site.urlOf("docs/getting-started.html"));
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toContain("Getting started");
    expect(await page.locator("main pre").first().isVisible()).toBe(true);
    await page.locator("main a[href$='concepts.html']").first().click();
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toContain("Concepts");
    await context.close();
  });
});
