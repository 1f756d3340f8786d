import { InvalidQueryError } from "../../errors/catalog-errors.ts";
import { type Fact, parseField } from "./field.ts";
import { operandProblem } from "./operand.ts";
import { formatTerm, type Operator, type Query, type QueryValue, type Term } from "./query.ts";

/** A value in a term of a typed query. */
export type ComparedValue = string | number | bigint | boolean | Date | null;

type Comparing = Exclude<Operator, "?">;

/**
 * A query that is built step by step. It never changes itself: each call returns a new query.
 * `Fields` are the flat params, `{ zThreshold: number; "points.n": number }`; facts and summaries
 * are always allowed.
 */
export class BuiltQuery<Fields extends object = Readonly<Record<string, ComparedValue>>> implements Query {
  readonly terms: readonly Term[];

  constructor(terms: readonly Term[]) {
    this.terms = terms;
  }

  /** Adds a term that must hold. */
  and<Name extends FieldName<Fields>>(
    field: Name,
    operator: Comparing,
    value: FieldValue<Fields, Name>,
  ): BuiltQuery<Fields> {
    return this.#with(field, operator, value, false);
  }

  /** Adds a term that must not hold. */
  not<Name extends FieldName<Fields>>(
    field: Name,
    operator: Comparing,
    value: FieldValue<Fields, Name>,
  ): BuiltQuery<Fields> {
    return this.#with(field, operator, value, true);
  }

  /** Adds that there is a value. */
  has(field: FieldName<Fields>): BuiltQuery<Fields> {
    return new BuiltQuery([...this.terms, { field, operator: "?", isNegated: false }]);
  }

  /** Adds the condition that the artifact lacks this value. */
  lacks(field: FieldName<Fields>): BuiltQuery<Fields> {
    return new BuiltQuery([...this.terms, { field, operator: "?", isNegated: true }]);
  }

  #with(field: string, operator: Comparing, value: unknown, isNegated: boolean): BuiltQuery<Fields> {
    const term = { field, operator, value: queryValueOf(value), isNegated };
    const problem = operandProblem(parseField(field), term.value);
    if (problem !== undefined) throw new InvalidQueryError(formatTerm(term), 0, problem.problem, problem.hint);
    return new BuiltQuery([...this.terms, term]);
  }
}

type FieldName<Fields extends object> = (keyof Fields & string) | Fact | `summary.${string}` | `cost.${string}`;

type FieldValue<Fields extends object, Name extends string> = Name extends keyof Fields
  ? Extract<Fields[Name], ComparedValue>
  : ComparedValue;

/**
 * Begins a query of values instead of text, for artifacts of some names or of all.
 *
 * @throws {@link InvalidQueryError} if a fact is compared with what it cannot be
 *
 * @example
 * ```ts
 * import { openCatalog, where } from "persistable-ts/catalog";
 *
 * const query = where("estimator").and("zThreshold", ">", 1).not("kind", "=", "wide");
 * await openCatalog("example-data").find(query);
 * where<{ zThreshold: number }>("estimator").and("zThreshold", ">", 1); // a misspelt name does not compile
 * ```
 */
export function where<Fields extends object = Readonly<Record<string, ComparedValue>>>(
  ...names: readonly string[]
): BuiltQuery<Fields> {
  return new BuiltQuery(
    names.map((name) => ({ field: "name", operator: "=", value: { text: name, isText: false }, isNegated: false })),
  );
}

function queryValueOf(value: unknown): QueryValue {
  if (value instanceof Date) return { text: value.toISOString(), isText: false };
  return { text: String(value), isText: typeof value === "string" };
}
