import { readdirSync, readFileSync } from "node:fs";
import type { DefaultTheme } from "vitepress";

const root = new URL("../../", import.meta.url);

function page(link: string, text = titleOf(link)): DefaultTheme.SidebarItem {
  return { text, link: `/${link}` };
}

/** The heading of a page, up to its colon. */
function titleOf(link: string): string {
  const [, title = link] = /^# (.*)$/m.exec(readFileSync(new URL(`${link}.md`, root), "utf8")) ?? [];
  return title.replace(/:.*$/, "").replaceAll("`", "");
}

function namesIn(folder: string): string[] {
  const names = readdirSync(new URL(`${folder}/`, root)).filter((name) => name.endsWith(".md"));
  return names.sort().map((name) => name.slice(0, -3));
}

function pagesOf(folder: string): DefaultTheme.SidebarItem[] {
  return namesIn(folder).map((name) => page(`${folder}/${name}`));
}

function docs(...names: readonly string[]): DefaultTheme.SidebarItem[] {
  return names.map((name) => page(`docs/${name}`));
}

/** Every page stands here once; `site/test/site.test.ts` looks for those that are missing. */
const pages: DefaultTheme.SidebarItem[] = [
  { text: "Start", items: docs("getting-started", "concepts", "tutorial", "programs", "examples") },
  {
    text: "Guides",
    items: docs(
      "functions",
      "model-calls",
      "pipelines",
      "many-items",
      "changes",
      "formats",
      "files-of-others",
      "stores",
      "several-machines",
      "operations",
      "continuous-integration",
      "servers",
      "testing",
      "runtimes",
      "housekeeping",
      "privacy",
    ),
  },
  { text: "Find and look", items: docs("catalog", "command-line", "explorer") },
  {
    text: "Coming from",
    items: docs(
      "coming-from-python",
      "coming-from-joblib",
      "coming-from-memoize-fs",
      "coming-from-keyv",
      "coming-from-dvc",
      "coming-from-targets",
    ),
  },
  {
    text: "Look up",
    items: [
      ...docs("options", "cheat-sheet", "errors", "figures", "states", "authors"),
      page("docs/reference/index", "Reference"),
      page("GLOSSARY"),
      page("CHANGELOG"),
    ],
  },
  { text: "Specifications", items: pagesOf("spec") },
  {
    text: "Take part",
    items: [
      page("CONTRIBUTING"),
      page("ARCHITECTURE"),
      page("SECURITY"),
      { text: "Decisions", link: `/decisions/${namesIn("decisions")[0]}` },
    ],
  },
];

/** The reference and the decisions have their own: six hundred pages would repeat the other one. */
export const sidebar: DefaultTheme.SidebarMulti = {
  "/decisions/": [{ text: "Decisions", items: pagesOf("decisions") }],
  "/docs/reference/": [
    { text: "Reference", link: "/docs/reference/index" },
    { text: "Documentation", link: "/docs/getting-started" },
  ],
  "/": pages,
};
