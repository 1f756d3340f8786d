import { AxeBuilder } from "@axe-core/playwright";
import { expect, it } from "vitest";
import type { Study } from "./fixture-study.ts";
import type { Stage } from "./stage.ts";

const short = (address: string) => address.slice(0, 8);

/** Each page, with something that it shows when all of it has come. */
export const PAGES: readonly (readonly [string, (study: Study) => string, string])[] = [
  ["artifacts", () => "/", "[role=grid] tbody tr[aria-rowindex='10']"],
  ["a number", ({ addresses }) => `/a/${short(addresses.best)}`, ".two-columns .leaf"],
  ["a text", ({ addresses }) => `/a/${short(addresses.report)}`, "pre.payload"],
  ["an array", ({ addresses }) => `/a/${short(addresses.wave)}`, ".plot-place svg"],
  ["a picture", ({ addresses }) => `/a/${short(addresses.pixel)}`, "img.payload-image"],
  ["a folder", ({ addresses }) => `/a/${short(addresses.pages)}`, "button.link"],
  ["a file of a folder", ({ addresses }) => `/a/${short(addresses.pages)}?f=index.html`, "pre.payload"],
  ["a table", ({ addresses }) => `/a/${short(addresses.points)}`, ".data-table .bars"],
  ["a failure", ({ addresses }) => `/a/${short(addresses.failed)}`, ".notice"],
  ["a name", () => "/d/estimator", ".plot-place svg"],
  ["a comparison", ({ addresses }) => `/compare?a=${short(addresses.best)}&a=${short(addresses.report)}`, ".differs"],
  ["a graph", ({ addresses }) => `/graph?of=${short(addresses.report)}&up=3`, ".react-flow__node"],
  ["runs", () => "/runs", ".data-table td"],
  ["a run", ({ runId }) => `/runs/${runId}`, ".node-bar"],
  ["a heat map", () => "/sweep?name=estimator", ".plot-place svg"],
  ["dots", () => "/sweep?name=estimator&v=dots", ".plot-place svg"],
  ["parallel axes", () => "/sweep?name=estimator&v=parallel", ".plot-place svg"],
  ["a sweep as a table", () => "/sweep?name=estimator&t=1", ".drawing td"],
  ["why", () => "/why?name=estimator&p=zThreshold%3D77", ".changes"],
  ["disk", () => "/disk?olderThan=30d", ".plot-place svg"],
  ["trouble", () => "/trouble", ".data-table td"],
];
/** Everything else but violations takes half of the time, and nothing looks at it. */
const resultTypes = ["violations" as const];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export function testLooks(stage: () => Stage): void {
  it.each([1280, 400])("shows every page without a complaint, light and dark, %i wide", async (width) => {
    await using opened = await stage().openPage({ width });
    const { page, visit, complaints } = opened;
    for (const [name, path, shows] of PAGES) {
      await page.emulateMedia({ colorScheme: "light" });
      await visit(path(stage().study));
      await page.locator(shows).first().waitFor();
      const light = await violations(
        new AxeBuilder({ page }).options({ resultTypes, runOnly: { type: "tag", values: RULES } }),
      );
      await page.emulateMedia({ colorScheme: "dark" });
      // The theme changes nothing but colors.
      const dark = await violations(
        new AxeBuilder({ page }).options({ resultTypes, runOnly: { type: "rule", values: ["color-contrast"] } }),
      );
      const { rows, tooWide, heading } = await page.evaluate(() => ({
        rows: document.querySelectorAll("tr").length,
        tooWide: document.documentElement.scrollWidth - window.innerWidth,
        heading: document.querySelector("h1")?.textContent ?? "",
      }));
      expect({ name, complaints, light, dark, hasFewRows: rows < 80, tooWide, hasHeading: heading !== "" }).toEqual({
        ...{ name, complaints: [], light: [], dark: [], hasFewRows: true, tooWide: 0, hasHeading: true },
      });
    }
  });
}

/** Its usual mode opens another window for each look. */
async function violations(axe: AxeBuilder): Promise<readonly string[]> {
  const found = await axe.setLegacyMode(true).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
