import { describeValue } from "../../artifact/explain/miss.ts";
import { isPlainObject } from "../../util/fields-of.ts";

/** Returns the values of a params tree with their dotted paths, also those inside plain objects. */
export function flatParams(tree: object, prefix = ""): readonly (readonly [path: string, value: unknown])[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const path = `${prefix}${key}`;
    const isEmpty = isPlainObject(value) && Object.keys(value).length === 0;
    return isPlainObject(value) && !isEmpty ? flatParams(value, `${path}.`) : [[path, value] as const];
  });
}

/** A value as the cell of a table shows it: a text without quotes, and nothing for no value. */
export function shownValue(value: unknown): string {
  return value === undefined ? "" : typeof value === "string" ? value : describeValue(value);
}
