import type { FacetShape, NameCount } from "../../../src/explorer/api.ts";

const MOST = 20;

/** The queries that a text can become: its last term becomes a name, a field, or a value. */
export function completionsOf(
  text: string,
  names: readonly NameCount[],
  facets: readonly FacetShape[],
): readonly string[] {
  const [last = ""] = /\S*$/.exec(text) ?? [];
  const before = text.slice(0, text.length - last.length);
  const negation = last.startsWith("-") ? "-" : "";
  const typed = last.slice(negation.length);
  const terms = /[=<>~?]/.test(typed)
    ? facets.flatMap(({ values }) => values.map(({ term }) => term))
    : [
        ...names.map(({ name }) => name).filter((name) => /^[\w-]+$/.test(name)),
        ...facets.map(({ field }) => `${field}=`),
      ];
  const fitting = [...new Set(terms)].filter((term) => term.startsWith(typed) && term !== typed);
  return fitting.slice(0, MOST).map((term) => `${before}${negation}${term}`);
}
