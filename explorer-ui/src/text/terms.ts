/** The terms of a query: what is in quotes is one term, spaces and all. */
export function termsOf(query: string): readonly string[] {
  return query.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? [];
}

export function hasTerm(query: string, term: string): boolean {
  return termsOf(query).includes(term);
}

/** Adds a term, or takes it out if it is there. */
export function toggleTerm(query: string, term: string): string {
  const terms = termsOf(query);
  return (terms.includes(term) ? terms.filter((other) => other !== term) : [...terms, term]).join(" ");
}

/** Replaces the bounds of a field by others; bounds that are absent are open. */
export function withRange(query: string, field: string, from: string | undefined, to: string | undefined): string {
  const others = termsOf(query).filter((term) => !term.startsWith(`${field}>`) && !term.startsWith(`${field}<`));
  const bounds = [from === undefined ? [] : `${field}>=${from}`, to === undefined ? [] : `${field}<=${to}`].flat();
  return [...others, ...bounds].join(" ");
}
