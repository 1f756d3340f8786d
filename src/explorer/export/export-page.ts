import { TEMPLATE_FILE } from "../http/page-files.ts";
import { visibleJson } from "../http/respond.ts";
import type { ExportedData } from "../shapes/export-shapes.ts";

const PLACE = '<script id="exported-data" type="application/json">';

/**
 * Writes data into the page that is one file. The browser takes it as text: it ends only where a
 * tag begins, and no `<` of the data is written as one.
 */
export function exportedPage(template: string, { entries, ...answers }: ExportedData): string {
  const at = template.indexOf(PLACE);
  if (at === -1) throw new Error(`${TEMPLATE_FILE} has no place for the data: run \`npm run build\` again.`);
  const end = at + PLACE.length;
  // Queries of the page have to find the values of entries, so these are not escaped for the eye.
  const json = `${visibleJson(answers).slice(0, -1)},"entries":${JSON.stringify(entries)}}`;
  return `${template.slice(0, end)}${asciiJson(json)}${template.slice(end)}`;
}

/** Escapes what HTML reads, and what an editor would not show. */
function asciiJson(json: string): string {
  return json.replace(/[<>&\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
