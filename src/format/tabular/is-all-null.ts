import { type Column, MARK } from "../../table/column.ts";

/** Whether it is a column of which nothing is known but that every row is null: its values asked for no type. */
export function isAllNull({ type, marks }: Column): boolean {
  return type === "value" && marks !== undefined && marks.length > 0 && marks.every((mark) => mark === MARK.null);
}
