import { expect, it } from "vitest";
import { openCatalog } from "../../src/catalog/open/open-catalog.ts";
import { listRuns } from "../../src/runner/list-runs.ts";
import { MARKUP, makeHostileStudy } from "./hostile-study.ts";
import { type Stage, settle } from "./stage.ts";

const short = (address: string) => address.slice(0, 8);

/** Every page that shows something of a hostile data directory. */
async function pathsOf(dataDir: string): Promise<readonly string[]> {
  const catalog = openCatalog(dataDir);
  const { artifacts } = await catalog.find("");
  const evil = (await catalog.names()).find((each) => each.startsWith("evil")) ?? "";
  const [latest] = await listRuns(dataDir);
  await catalog.close();
  const name = encodeURIComponent(evil);
  const chosen = artifacts.filter((entry) => entry.name === evil && entry.state === "present");
  return [
    // A file of the folder, too.
    ...artifacts.map(
      ({ address, name: of }) => `/a/${short(address)}${of === "files" ? "?f=%3Cb%20onclick%3Dalert(1)%3E.html" : ""}`,
    ),
    ...[`/d/${name}`, `/sweep?name=${name}`, `/why?name=${name}&p=n%3D7`, "/graph?q=&down=2", "/runs"],
    `/runs/${latest?.runId}`,
    `/compare?${chosen.map(({ address }) => `a=${short(address)}`).join("&")}`,
    ...["/disk?olderThan=0d", "/trouble", `/?q=${encodeURIComponent(`a=${JSON.stringify(MARKUP)}`)}`, "/?d=all"],
  ];
}

export function testHostileStore(stage: () => Stage): void {
  it("renders nothing of a hostile data directory as markup, and stays alive", async () => {
    const dataDir = stage().folder.join("hostile");
    await makeHostileStudy(dataDir);
    const explorer = await stage().explore(dataDir);
    await using opened = await stage().openPage({ url: explorer.url });
    const { page, visit, complaints } = opened;
    for (const path of await pathsOf(dataDir)) {
      await visit(path);
      const seen = await page.evaluate(() => ({
        owned: "owned" in window,
        // The page itself makes no handlers in attributes, scripts, frames, or other pictures.
        foreign: [...document.querySelectorAll("main *, .query-line *")]
          .filter(
            (element) =>
              /^(?:script|iframe|object|embed|style)$/i.test(element.tagName) ||
              (element.tagName === "IMG" && !element.classList.contains("payload-image")) ||
              element.getAttributeNames().some((name) => name.startsWith("on")),
          )
          .map(({ outerHTML }) => outerHTML.slice(0, 100)),
        hidden: /[\u200b\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
        tooWide: document.documentElement.scrollWidth - window.innerWidth,
        elements: document.querySelectorAll("*").length < 20_000,
      }));
      expect({ path, complaints, ...seen }).toEqual({
        ...{ path, complaints: [], owned: false, foreign: [], hidden: false, tooWide: 0, elements: true },
      });
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({
          path: `${process.env.SCREENSHOTS}/hostile-${path.replaceAll(/\W+/g, "-").slice(0, 40)}.png`,
        });
    }
    await visit("/");
    await page.locator("#row-0").waitFor();
    await settle(page);
    await explorer.close();
  });
}
