import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, Rolldown } from "vite";

/**
 * Writes the license of every package whose code is in the page: its text has to go wherever its
 * code goes. Vite can do that too, but leaves out what is only in a worker, which is a bundle of
 * its own: its plugin hands what it finds to the page's through the set.
 */
export function thirdPartyLicenses(folders: Set<string>, fileName?: string): Plugin {
  return {
    name: "third-party-licenses",
    apply: "build",
    generateBundle(_, bundle) {
      noteFolders(folders, bundle);
      if (fileName !== undefined) this.emitFile({ type: "asset", fileName, source: licensesIn(folders) });
    },
  };
}

/** Notes the folders of the packages whose code is in a bundle. */
export function noteFolders(folders: Set<string>, bundle: Rolldown.OutputBundle): void {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  for (const id of chunks.flatMap((chunk) => chunk.moduleIds)) {
    const folder = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0];
    if (folder !== undefined && existsSync(join(folder, "package.json"))) folders.add(folder);
  }
}

export function licensesIn(folders: ReadonlySet<string>): string {
  return [...folders].map(licenseIn).sort().join("\n\n");
}

function licenseIn(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} is part of the page and has no license file: ${folder}`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
