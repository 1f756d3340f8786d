/**
 * Says which artifacts are meant: those for which every term holds. `parseQuery` makes one of a
 * text, `where` one of values, and `formatQuery` gives its text back.
 */
export interface Query {
  readonly terms: readonly Term[];
}

/**
 * Says how a term compares: `~` looks for a part of a text, whatever its case, and `?` asks whether
 * there is a value at all.
 */
export type Operator = "=" | "<" | "<=" | ">" | ">=" | "~" | "?";

/** One condition of a {@link Query}. */
export interface Term {
  /** `points.n`, `summary.k`, `created`. */
  readonly field: string;
  readonly operator: Operator;
  /** Absent for `?`. */
  readonly value?: QueryValue;
  /** Whether the term holds for all other artifacts, also for those without a value. */
  readonly isNegated: boolean;
}

/** The value that a term compares with. */
export interface QueryValue {
  readonly text: string;
  /** Whether only a text is meant: `"100"` is not the number 100, and 100 is both. */
  readonly isText: boolean;
}

const PLAIN_FIELD = /^(?!(?:AND|OR|NOT)$)[^\s=<>~?!"-][^\s=<>~?!"]*$/;
const PLAIN_VALUE = /^[^\s"=<>~][^\s"]*$/;

/** Whether a value needs no quotes. */
export function isPlainValue(text: string): boolean {
  return PLAIN_VALUE.test(text);
}

/**
 * The text of a query; `parseQuery` makes the same query of it.
 *
 * @example
 * ```ts
 * formatQuery(where("estimator").and("zThreshold", ">", 1)); // "estimator zThreshold>1"
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
