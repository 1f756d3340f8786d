import { describeValue } from "../../artifact/explain/miss.ts";
import { linear, logarithmic } from "../../pipeline/sweep/axis.ts";
import { tryParseJson } from "../../util/json/checks.ts";
import { CommandError } from "../core/command-error.ts";
import type { ValueShape } from "./param-shape.ts";

const RANGE = /^(-?\d+)\.\.(-?\d+)$/;
const SPACED = /^(linear|logarithmic)\(([^()]*)\)$/;
const MOST_IN_RANGE = 1_000_000;

/**
 * Returns the values that a text means; several values are an axis. The schema decides how the text
 * is read. Without a schema it is read as JSON if it parses, and otherwise as the text itself.
 *
 * @param path - of the parameter, for messages
 */
export function readValues(path: string, text: string, shape: ValueShape): readonly unknown[] {
  // If the parameter is always a text, a comma belongs to the text and does not separate values.
  if (isWord(shape)) return [text];
  const spaced = mayBeNumber(shape) ? readSpaced(text) : undefined;
  if (spaced !== undefined) return spaced;
  if (takesJson(shape)) {
    const whole = tryParseJson(text);
    if (whole !== undefined) return [whole];
  }
  const parts = text.split(",").map((part) => part.trim());
  const scalars = parts.map((part) => readScalar(part, shape));
  if (scalars.every((scalar) => scalar !== undefined)) return scalars;
  const isText = shape.choices === undefined && (shape.types.length === 0 || shape.types.includes("string"));
  if (isText) return [text];
  throw new CommandError(`${path}=${text}: ${wrongOf(parts, scalars)} is not ${kindIn(shape)}.`);
}

function isWord({ types, choices }: ValueShape): boolean {
  return types.length > 0 && types.every((type) => type === "string") && choices === undefined;
}

function mayBeNumber({ types }: ValueShape): boolean {
  return types.length === 0 || types.includes("number") || types.includes("integer");
}

function takesJson({ types }: ValueShape): boolean {
  return types.length === 0 || types.includes("array") || types.includes("object");
}

/** `1..5`, `linear(0,1,11)`, `logarithmic(1,1000,4)`. */
function readSpaced(text: string): readonly unknown[] | undefined {
  const range = text.match(RANGE);
  if (range !== null) return countFromTo(Number(range[1]), Number(range[2]));
  const [, kind, inside = ""] = text.match(SPACED) ?? [];
  if (kind === undefined) return undefined;
  const numbers = inside.split(",").map(Number);
  const [from, to, count] = numbers;
  if (numbers.length !== 3 || from === undefined || to === undefined || count === undefined)
    throw new CommandError(`${text}: write ${kind}(from,to,count), ${kind}(1,1000,4) for instance.`);
  const axis = kind === "linear" ? linear(from, to, count) : logarithmic(from, to, count);
  return Array.from({ length: axis.length }, (_, i) => axis.at(i));
}

function countFromTo(from: number, to: number): readonly number[] {
  const count = Math.abs(to - from) + 1;
  if (count > MOST_IN_RANGE)
    throw new CommandError(`${from}..${to} has ${count} values, and a range at most ${MOST_IN_RANGE}.`);
  const step = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, i) => from + i * step);
}

function readScalar(text: string, { types, choices }: ValueShape): unknown {
  if (choices !== undefined) return choices.find((choice) => String(choice) === text);
  const json = tryParseJson(text);
  if (types.length === 0) return typeof json === "number" || typeof json === "boolean" ? json : undefined;
  if (typeof json === "number" && (types.includes("number") || (types.includes("integer") && Number.isInteger(json))))
    return json;
  if (typeof json === "boolean" && types.includes("boolean")) return json;
  return json === null && types.includes("null") ? json : undefined;
}

function wrongOf(parts: readonly string[], scalars: readonly unknown[]): string {
  return JSON.stringify(parts[scalars.indexOf(undefined)] ?? "");
}

function kindIn({ types, choices }: ValueShape): string {
  if (choices !== undefined) return `one of ${choices.map(describeValue).join(", ")}`;
  return types.map((type) => `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`).join(" or ");
}
