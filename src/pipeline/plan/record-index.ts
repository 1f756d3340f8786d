import type { RecipeNode } from "../../address/recipe-node.ts";
import { UnsupportedValueError } from "../../errors/params-errors.ts";
import { Untracked } from "../../params/untracked.ts";
import { canonicalText } from "../../persistable/declare/declaration.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { add } from "../graph.ts";
import { itemAt } from "../item-at.ts";
import { type Typical, typicalOf } from "./typical.ts";

/**
 * Records of one name in columns of numbers, so that those nearest to a recipe are found quickly:
 * comparing many recipes with many records in full would take minutes.
 */
export class RecordShelf {
  readonly records: readonly ArtifactRecord[];
  readonly typical: Typical;
  readonly #classes: readonly ClassCodec[];
  /**
   * Params under `p…`, dependencies under `d…`. A column has one number for each record; equal
   * numbers stand for equal values.
   */
  readonly #columns = new Map<string, Int32Array>();
  readonly #numbers = new Map<string, number>();
  #unequal = 0;

  constructor(records: readonly ArtifactRecord[], classes: readonly ClassCodec[]) {
    // Of two records that are equally near, the newer one is taken.
    this.records = records.toSorted((one, other) => (other.provenance.createdAt < one.provenance.createdAt ? -1 : 1));
    this.typical = typicalOf(records);
    this.#classes = classes;
    this.records.forEach((record, row) => {
      for (const [column, value] of this.#cellsOfRecord(record)) this.#columnOf(column)[row] = this.#numberOf(value);
    });
  }

  /** The records with the fewest differing parts, the nearest first. */
  nearest(node: RecipeNode, limit: number): ArtifactRecord[] {
    const scores = this.#scores(node);
    const best: { readonly row: number; readonly score: number }[] = [];
    for (const [row, score] of scores.entries()) {
      if (this.records[row]?.address === node.address) continue;
      const after = best.findLastIndex((other) => other.score <= score) + 1;
      if (after === limit) continue;
      best.splice(after, 0, { row, score });
      if (best.length > limit) best.pop();
    }
    return best.map(({ row }) => itemAt(this.records, row));
  }

  /** For each record, the number of parts that differ. */
  #scores(node: RecipeNode): Int32Array {
    const scores = new Int32Array(this.records.length);
    const seen = new Set<string>();
    for (const [column, value, isOptional] of this.#cellsOfNode(node)) {
      seen.add(column);
      const numbers = this.#columns.get(column);
      const mine = this.#numbers.get(value) ?? UNKNOWN;
      for (let row = 0; row < scores.length; row++) {
        const theirs = numbers?.[row] ?? ABSENT;
        if (theirs !== mine && !(isOptional && theirs === ABSENT)) add(scores, row, 1);
      }
    }
    for (const [column, numbers] of this.#columns) {
      if (seen.has(column)) continue;
      for (const [row, number] of numbers.entries()) if (number !== ABSENT) add(scores, row, 1);
    }
    return scores;
  }

  *#cellsOfNode(node: RecipeNode): Iterable<[column: string, value: string, isOptional: boolean]> {
    yield ["version", `${typeof node.version} ${node.version}`, false];
    yield ["draw", String(node.draw), false];
    for (const { key, value, kind } of node.recipeParams)
      if (kind !== "untracked") yield [`p${key}`, this.#textOf(value), kind === "implicit"];
    for (const [role, { address }] of Object.entries(node.dependencies)) yield [`d${role}`, address, false];
  }

  *#cellsOfRecord(record: ArtifactRecord): Iterable<[column: string, value: string]> {
    yield ["version", `${typeof record.version} ${record.version}`];
    yield ["draw", String(record.draw ?? 0)];
    for (const [key, value] of Object.entries(record.params)) {
      const isOwn = !Object.hasOwn(record.dependencies, key) && !record.untrackedParams.includes(key);
      if (isOwn && !(value instanceof Untracked)) yield [`p${key}`, this.#textOf(value)];
    }
    for (const [role, { address }] of Object.entries(record.dependencies)) yield [`d${role}`, address];
  }

  #textOf(value: unknown): string {
    if (typeof value === "string") return `"${value}`;
    if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
    return typeof value === "object" && value !== null ? this.#textOfObject(value) : `${typeof value} ${String(value)}`;
  }

  /** An object from a codec of the user that no recipe can hold is equal to nothing. */
  #textOfObject(value: object): string {
    try {
      return `#${canonicalText(value, this.#classes, "params")}`;
    } catch (error) {
      if (!(error instanceof UnsupportedValueError)) throw error;
      this.#unequal += 1;
      return `?${this.#unequal}`;
    }
  }

  #numberOf(text: string): number {
    const known = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, known);
    return known;
  }

  #columnOf(name: string): Int32Array {
    const known = this.#columns.get(name) ?? new Int32Array(this.records.length);
    this.#columns.set(name, known);
    return known;
  }
}

const ABSENT = 0;
/** A value that no record has. */
const UNKNOWN = -1;
