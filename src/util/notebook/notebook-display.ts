import { visibleText } from "../../errors/visible-text.ts";

/**
 * The display of an object in a notebook, by media type. Hosts ask for it with
 * `object[Symbol.for("Jupyter.display")]()`: https://docs.deno.com/runtime/reference/cli/jupyter/
 */
export interface NotebookDisplay {
  readonly "text/plain": string;
  readonly "text/html": string;
}

/** Text as HTML shows it; nothing in it is markup, and nothing is invisible. */
export function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A paragraph that begins with a title. */
export function htmlTitle(title: string, rest: string): string {
  return `<p><strong>${escapeHtml(title)}</strong> ${escapeHtml(rest)}</p>`;
}

export function htmlTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** A table of names and their values. */
export function htmlFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  const rows = facts.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return facts.length === 0 ? "" : `<table><tbody>${rows.join("")}</tbody></table>`;
}

/** Says how much is shown, where that is not everything: `50 of 900 rows`. */
export function shownOf(shown: number, total: number, what: string): string {
  return shown === total ? `${total} ${total === 1 ? what : `${what}s`}` : `${shown} of ${total} ${what}s`;
}
