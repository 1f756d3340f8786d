/**
 * Says which artifacts are meant: those for which every term holds. `parseQuery` makes a query from
 * a text, `where` makes one from values, and `formatQuery` writes a query as text.
 */
export interface Query {
  readonly terms: readonly Term[];
}

/**
 * Says how a term compares: `~` looks for a part of a text, in upper or lower case, and `?` asks
 * whether there is a value at all.
 */
export type Operator = "=" | "<" | "<=" | ">" | ">=" | "~" | "?";

/** One condition of a {@link Query}. */
export interface Term {
  /** `points.n`, `summary.k`, `created`. */
  readonly field: string;
  readonly operator: Operator;
  /** Absent for `?`. */
  readonly value?: QueryValue;
  /**
   * Whether the condition is reversed: the term then holds for all artifacts that do not fit, and
   * for those without a value.
   */
  readonly isNegated: boolean;
}

/** The value that a term compares with. */
export interface QueryValue {
  readonly text: string;
  /** Whether the value means only a text: `"100"` is not the number 100, while `100` means both. */
  readonly isText: boolean;
}

const PLAIN_FIELD = /^(?!(?:AND|OR|NOT)$)[^\s=<>~?!"-][^\s=<>~?!"]*$/;
const PLAIN_VALUE = /^[^\s"=<>~][^\s"]*$/;

/** Whether a value needs no quotes. */
export function isPlainValue(text: string): boolean {
  return PLAIN_VALUE.test(text);
}

/**
 * Writes a query as a text, from which `parseQuery` makes the same query.
 *
 * @example
 * ```ts
 * import { formatQuery, where } from "persistable-ts/catalog";
 *
 * const query = where("estimator").and("zThreshold", ">", 1);
 * formatQuery(query); // "estimator zThreshold>1"
 * ```
 */
export function formatQuery({ terms }: Query): string {
  return terms.map(formatTerm).join(" ");
}

export function formatTerm({ field, operator, value, isNegated }: Term): string {
  const sign = isNegated ? "-" : "";
  if (value === undefined) return `${sign}${formatField(field)}?`;
  const text = value.isText || !isPlainValue(value.text) ? JSON.stringify(value.text) : value.text;
  if (field === "name" && operator === "=" && !isNegated) return formatField(value.text);
  return `${sign}${formatField(field)}${operator}${text}`;
}

function formatField(field: string): string {
  return PLAIN_FIELD.test(field) ? field : JSON.stringify(field);
}
