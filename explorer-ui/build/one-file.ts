import { createHash } from "node:crypto";
import type { Plugin, Rolldown } from "vite";
import { licensesIn, noteFolders } from "./third-party-licenses.ts";

/**
 * Puts the whole page into `export.html`, into which `persistable explore --export` writes its
 * data. The policy of the file allows its own script and style, and no request at all. The licenses
 * of the packages whose code is in it go with it, wherever it is sent.
 *
 * @param folders - those of the packages whose code is in a worker
 */
export function oneFile(folders: Set<string>): Plugin {
  return {
    name: "one-file",
    // Only the last plugins of Vite make the style sheet, and complete the script.
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const files = Object.values(bundle);
        const script = escaped(only(files, "chunk").code);
        const style = String(only(files, "asset", ".css").source);
        noteFolders(folders, bundle);
        const licenses = escaped(licensesIn(folders));
        for (const name of Object.keys(bundle)) delete bundle[name];
        this.emitFile({ type: "asset", fileName: "export.html", source: pageWith(script, style, licenses) });
      },
    },
  };
}

function only(files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[], type: "chunk"): Rolldown.OutputChunk;
function only(
  files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[],
  type: "asset",
  ending: string,
): Rolldown.OutputAsset;
function only(files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[], type: string, ending = "") {
  const found = files.filter((file) => file.type === type && file.fileName.endsWith(ending));
  if (found.length !== 1)
    throw new Error(`The page has ${found.length} files of type ${type}${ending} instead of one.`);
  return found[0];
}

/** Inside a script, HTML would read these as its end, or as a comment. */
function escaped(script: string): string {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

function pageWith(script: string, style: string, licenses: string): string {
  const policy = [
    "default-src 'none'",
    `script-src '${digestOf(script)}'`,
    `style-src '${digestOf(style)}'`,
    "img-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="content-security-policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <title>persistable</title>
    <style>${style}</style>
  </head>
  <body>
    <div id="page"></div>
    <noscript>This page needs JavaScript.</noscript>
    <script id="exported-data" type="application/json"></script>
    <script type="module">${script}</script>
    <script id="third-party-licenses" type="text/plain">
${licenses}
    </script>
  </body>
</html>
`;
}

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
