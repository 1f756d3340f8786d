/**
 * Returns whether a file belongs to an installed package of that name, and not to a bundle of
 * another package.
 */
export function isFileOfPackage(url: string, name: string): boolean {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  try {
    for (let end = url.lastIndexOf("/"); end > "file://".length; end = url.lastIndexOf("/", end - 1)) {
      const manifest = new URL(`${url.slice(0, end)}/package.json`);
      if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown }).name === name;
    }
  } catch {
    // The URL is not a file, or the package is not readable.
  }
  return false;
}
