import type { RecipeNode } from "../../address/recipe-node.ts";
import { UnsupportedValueError } from "../../errors/params-errors.ts";
import { Untracked } from "../../params/untracked.ts";
import { canonicalText } from "../../persistable/declare/declaration.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { type Typical, typicalOf } from "./typical.ts";

/**
 * Records of one name, laid out so that the nearest ones to a recipe are found by comparing numbers: a full comparison of each with each would
 * take minutes where there are many of both.
 */
export class RecordShelf {
  readonly records: readonly ArtifactRecord[];
  /** What one generation takes. */
  readonly typical: Typical;
  readonly #classes: readonly ClassCodec[];
  /** Params as `p…`, dependencies as `d…`, each with a column of numbers, one for each record: equal ones stand for equal values. */
  readonly #columns = new Map<string, Int32Array>();
  readonly #numbers = new Map<string, number>();
  #unequal = 0;

  constructor(records: readonly ArtifactRecord[], classes: readonly ClassCodec[]) {
    // Of two that are as near as each other, the later one counts.
    this.records = records.toSorted((one, other) => (other.provenance.createdAt < one.provenance.createdAt ? -1 : 1));
    this.typical = typicalOf(records);
    this.#classes = classes;
    this.records.forEach((record, row) => {
      for (const [column, value] of this.#cellsOfRecord(record)) this.#columnOf(column)[row] = this.#numberOf(value);
    });
  }

  /** The records that seem to differ least, the nearest first. */
  nearest(node: RecipeNode, limit: number): ArtifactRecord[] {
    const scores = this.#scores(node);
    const best: number[] = [];
    for (let row = 0; row < this.records.length; row++) {
      if (this.records[row]?.address === node.address) continue;
      const score = scores[row] as number;
      if (best.length === limit && score >= (scores[best.at(-1) as number] as number)) continue;
      let place = best.length;
      while (place > 0 && (scores[best[place - 1] as number] as number) > score) place -= 1;
      best.splice(place, 0, row);
      if (best.length > limit) best.pop();
    }
    return best.map((row) => this.records[row] as ArtifactRecord);
  }

  /** How many parts of each record differ. */
  #scores(node: RecipeNode): Int32Array {
    const scores = new Int32Array(this.records.length);
    const seen = new Set<string>();
    for (const [column, value, isOptional] of this.#cellsOfNode(node)) {
      seen.add(column);
      const numbers = this.#columns.get(column);
      const mine = this.#numbers.get(value) ?? UNKNOWN;
      for (let row = 0; row < scores.length; row++) {
        const theirs = numbers === undefined ? ABSENT : (numbers[row] as number);
        if (theirs !== mine && !(isOptional && theirs === ABSENT)) scores[row] = (scores[row] as number) + 1;
      }
    }
    for (const [column, numbers] of this.#columns) {
      if (seen.has(column)) continue;
      for (let row = 0; row < scores.length; row++)
        if (numbers[row] !== ABSENT) scores[row] = (scores[row] as number) + 1;
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

  /** What a codec of the user made, and no recipe can hold, is equal to nothing. */
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
