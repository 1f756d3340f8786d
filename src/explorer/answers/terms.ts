import { textOf } from "../../catalog/query/operand.ts";
import { formatTerm, isPlainValue, type Operator, type Query } from "../../catalog/query/query.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import type { Json } from "../shapes/common.ts";

/**
 * Writes a term that means a value of a field. Invisible characters are escaped as in JSON, which
 * queries read in quotes.
 */
export function termOf(field: string, value: Json, operator: Operator = "="): string {
  const text = textOf(value);
  const isText = typeof value === "string" && !isPlainText(text);
  return safeTerm(formatTerm({ field, operator, value: { text, isText }, isNegated: false }), field, text, operator);
}

export function nameTerm(name: string): string {
  return termOf("name", name);
}

/** A query as text, with its invisible characters escaped. */
export function queryText(query: Query): string {
  return queryTerms(query).join(" ");
}

/** The terms of a query, each as a text. */
export function queryTerms({ terms }: Query): readonly string[] {
  return terms.map((term) => {
    const { field, operator, value, isNegated } = term;
    const plain = formatTerm({ ...term, isNegated: false });
    return `${isNegated ? "-" : ""}${safeTerm(plain, field, value?.text ?? "", operator)}`;
  });
}

/** A text that queries would also read as a number or a literal keeps its quotes. */
function isPlainText(text: string): boolean {
  return isPlainValue(text) && !/^(?:-?[\d.]|true$|false$|null$)/.test(text);
}

function safeTerm(term: string, field: string, text: string, operator: Operator): string {
  if (visibleLine(term) === term) return term;
  const quoted = (plain: string): string => visibleLine(JSON.stringify(plain));
  return operator === "?" ? `${quoted(field)}?` : `${quoted(field)}${operator}${quoted(text)}`;
}
