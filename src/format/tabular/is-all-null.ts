import { type Column, MARK } from "../../table/column.ts";

/** Whether every row of a column is null, so that its values did not determine a type. */
export function isAllNull({ type, marks }: Column): boolean {
  return type === "value" && marks !== undefined && marks.length > 0 && marks.every((mark) => mark === MARK.null);
}
