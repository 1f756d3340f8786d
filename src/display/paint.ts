import { styleText } from "node:util";

/** A colour or another style of a text on a terminal. */
export type Style = Parameters<typeof styleText>[0];

/** Returns the text in a style, where colours are shown. */
export function paint({ color }: { readonly color: boolean }, style: Style, text: string): string {
  return color && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}
