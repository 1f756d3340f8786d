import { InvalidQueryError } from "../../errors/catalog-errors.ts";
import { parseField } from "./field.ts";
import { operandProblem } from "./operand.ts";
import { isPlainValue, type Operator, type Query, type QueryValue, type Term } from "./query.ts";

/**
 * Reads the text of a query: terms with spaces between them, all of which must hold.
 *
 * - `estimator`: artifacts of this name
 * - `zThreshold=2`, `points.n>100`, `<`, `<=`, `>=`: this value of a parameter
 * - `kind~wide`: texts with this part, whatever its case
 * - `zThreshold?`: artifacts that have the parameter
 * - `-zThreshold=2`: all others
 * - `created>-2d`, `took>3s`, `size>1MB`, `state=failed`, `format=npy`, `version=2`: facts
 * - `from=3f9a1c2e`: what is made from this artifact, directly
 * - `summary.k>1`, `cost.usd>0.1`: the summary, the cost
 * - `params.size=3`: a parameter that has the word of a fact
 *
 * A value in quotes, as in JSON, may have spaces, and is a text only. In a list, each element is
 * one term, and values with spaces need no quotes.
 *
 * @throws {@link InvalidQueryError} with the position of what cannot be read, and a hint
 *
 * @example
 * ```ts
 * import { parseQuery } from "persistable-ts/catalog";
 *
 * parseQuery('estimator zThreshold>1 kind="very wide" created>-2d');
 * parseQuery(["estimator", "kind=very wide"]);
 * ```
 */
export function parseQuery(text: string | readonly string[]): Query {
  if (typeof text === "string") return { terms: new QueryReader(text).readAll() };
  return { terms: text.map((term) => new QueryReader(term, true).readOne()) };
}

const OPERATORS: readonly Operator[] = ["<=", ">=", "=", "<", ">", "~", "?"];
const END_OF_FIELD = /[\s=<>~?!"]/;

class QueryReader {
  readonly #text: string;
  /** Whether the text is one term, in which spaces belong to the value. */
  readonly #isSingle: boolean;
  #at = 0;

  constructor(text: string, isSingle = false) {
    this.#text = text;
    this.#isSingle = isSingle;
  }

  readAll(): readonly Term[] {
    const terms: Term[] = [];
    for (this.#skipSpaces(); this.#at < this.#text.length; this.#skipSpaces()) terms.push(this.#readTerm());
    return terms;
  }

  readOne(): Term {
    this.#skipSpaces();
    if (this.#at === this.#text.length) this.#fail(0, "there is no term", "Give a name, or a term such as n=100");
    const term = this.#readTerm();
    this.#skipSpaces();
    if (this.#at < this.#text.length)
      this.#fail(this.#at, "another term begins", "Give each term as an element of its own");
    return term;
  }

  #readTerm(): Term {
    const isNegated = this.#text[this.#at] === "-";
    if (isNegated) this.#at += 1;
    const start = this.#at;
    const isQuoted = this.#text[start] === '"';
    const field = isQuoted ? this.#readQuoted() : this.#readUntil(END_OF_FIELD);
    if (field === "" && !isQuoted) this.#failWithoutField(start, isNegated);
    const operator = this.#readOperator(field);
    if (operator === undefined) {
      if (!isQuoted) this.#refuseWord(field, start);
      return { field: "name", operator: "=", value: { text: field, isText: !isPlainValue(field) }, isNegated };
    }
    if (operator === "?") {
      this.#expectEnd("?", "Put a space between terms; ? stands alone after a parameter");
      return { field, operator, isNegated };
    }
    const valueStart = this.#at;
    const value = this.#readValue(field, operator);
    const problem = operandProblem(parseField(field), value);
    if (problem !== undefined) this.#fail(valueStart, problem.problem, problem.hint);
    return { field, operator, value, isNegated };
  }

  #readOperator(field: string): Operator | undefined {
    const at = this.#at;
    if (this.#text.startsWith("!=", at))
      this.#fail(at, "!= is not an operator", `Put a minus before the term: -${field}=…`);
    if (this.#text[at] === "!") this.#fail(at, "! is not an operator", "The operators are = < <= > >= ~ ?");
    const operator = OPERATORS.find((each) => this.#text.startsWith(each, at));
    if (operator === undefined) {
      if (at < this.#text.length && !/\s/.test(this.#text[at] ?? ""))
        this.#fail(at, "text follows a quotation mark", "Put a space between terms");
      return undefined;
    }
    this.#at += operator.length;
    const next = this.#text[this.#at];
    if (operator !== "?" && next !== undefined && "=<>~".includes(next))
      this.#fail(
        this.#at,
        `${operator}${next} is not an operator`,
        `Write ${suggestion(operator, next)}, or put the value in quotes`,
      );
    return operator;
  }

  #readValue(field: string, operator: Operator): QueryValue {
    const start = this.#at;
    if (this.#text[start] === '"') {
      const text = this.#readQuoted();
      this.#expectEnd("a quotation mark", "Put a space between terms");
      return { text, isText: true };
    }
    const text = this.#isSingle ? this.#readUntil(/$^/) : this.#readUntil(/[\s"]/);
    if (this.#text[this.#at] === '"')
      this.#fail(this.#at, "a quotation mark is inside a value", "Put the whole value in quotes");
    if (text === "")
      this.#fail(
        start,
        `there is no value after ${operator}`,
        `Write ${field}${operator}2 without spaces, or ${field}${operator}"" for an empty text`,
      );
    return { text, isText: !isPlainValue(text) };
  }

  #readQuoted(): string {
    const start = this.#at;
    const [quoted] = /^"(?:[^"\\]|\\.)*"/s.exec(this.#text.slice(start)) ?? [];
    if (quoted === undefined) this.#fail(start, "a quotation mark is not closed", 'Add another " behind the text');
    this.#at += quoted.length;
    try {
      const text: unknown = JSON.parse(quoted);
      return String(text);
    } catch {
      return this.#fail(
        start,
        "the text in quotes is not as in JSON",
        'Write \\" for a quotation mark and \\\\ for a backslash',
      );
    }
  }

  #readUntil(end: RegExp): string {
    const rest = this.#text.slice(this.#at);
    const length = rest.search(end);
    const text = length === -1 ? rest : rest.slice(0, length);
    this.#at += text.length;
    return text;
  }

  #expectEnd(before: string, hint: string): void {
    const next = this.#text[this.#at];
    if (next !== undefined && !/\s/.test(next)) this.#fail(this.#at, `text follows ${before}`, hint);
  }

  #failWithoutField(start: number, isNegated: boolean): never {
    const next = this.#text[start];
    if (next === undefined || /\s/.test(next))
      this.#fail(start, "a minus stands alone", "Put it directly before a term, as in -n=100");
    return this.#fail(start, `${next} has no parameter before it`, `Write ${isNegated ? "-" : ""}n=100 without spaces`);
  }

  /** Words of other query languages, which would quietly be taken for names. */
  #refuseWord(word: string, start: number): void {
    if (word === "AND") this.#fail(start, "AND is not part of a query", "Leave it out: all terms must hold");
    if (word === "OR") this.#fail(start, "OR is not part of a query", "Ask twice, or put the name OR in quotes");
    if (word === "NOT") this.#fail(start, "NOT is not part of a query", "Put a minus before the term: -n=100");
  }

  #skipSpaces(): void {
    this.#readUntil(/\S/);
  }

  #fail(position: number, problem: string, hint: string): never {
    throw new InvalidQueryError(this.#text, position, problem, hint);
  }
}

function suggestion(operator: Operator, next: string): string {
  if (operator === "=" && (next === "<" || next === ">")) return `${next}=`;
  return operator === "=" && next === "~" ? "~" : operator;
}
