import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import packageJson from "../../package.json" with { type: "json" };
import { sidebar } from "./sidebar.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const files = `${packageJson.repository.url.replace(/^git\+|\.git$/g, "")}/blob/main/`;

const icon = readFileSync(join(root, "explorer-ui/public/icon.svg")).toString("base64");

/** The pages are the Markdown files of the repository, where they lie: they are read there as well. */
export default defineConfig({
  title: "persistable",
  description: packageJson.description,
  lang: "en",
  base: new URL(packageJson.homepage).pathname,
  srcDir: root,
  outDir: fileURLToPath(new URL("../dist", import.meta.url)),
  cacheDir: fileURLToPath(new URL("../build/cache", import.meta.url)),
  srcExclude: ["README.md", ".*/**", "{src,test,benchmarks,scripts,explorer-ui}/**"],
  rewrites: { "site/index.md": "index.md" },
  head: [["link", { rel: "icon", href: `data:image/svg+xml;base64,${icon}` }]],
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Get started", link: "/docs/getting-started" },
      { text: "Guides", link: "/docs/functions", activeMatch: "^/docs/(?!getting-started|reference)" },
      { text: "Reference", link: "/docs/reference/" },
    ],
    sidebar,
    socialLinks: [{ icon: "github", link: files.replace("/blob/main/", "") }],
  },
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (markdown) => {
      const renderLink = markdown.renderer.rules.link_open;
      markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index];
        const href = token?.attrGet("href");
        const target = href ? linkToFile(href, env.path) : undefined;
        if (token !== undefined && target !== undefined) token.attrSet("href", target);
        return renderLink?.(tokens, index, options, env, self) ?? self.renderToken(tokens, index, options);
      };
    },
  },
});

/** A link to a file that is not a page leads to the repository. */
function linkToFile(href: string, page: string): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href) || /\.md(?:#|$)/.test(href)) return undefined;
  const file = resolve(dirname(page), href);
  if (!existsSync(file)) return undefined;
  return existsSync(join(file, "README.md")) ? `/${relative(root, file)}/README` : files + relative(root, file);
}
