import type { ExportedData } from "../../../src/explorer/api.ts";

const element = document.getElementById("exported-data");

/** Whether the page is a file of its own, which `persistable explore --export` has written. */
export const isFile = element !== null;

let parsed: ExportedData | undefined;

/** The data in the file. */
export function exportedData(): ExportedData {
  parsed ??= JSON.parse(element?.textContent ?? "") as ExportedData;
  return parsed;
}
