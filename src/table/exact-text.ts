import { type DecimalType, decimalSizeOf, isDecimalType, unscaledOf } from "./decimal-text.ts";
import { dateTimeOf, daysOf, type PlainType, plainTypes, timeOf } from "./plain-time.ts";

/**
 * A column type whose values are texts in the one form that says them exactly: calendar dates,
 * times without a zone, and decimals.
 */
export type ExactTextType = PlainType | DecimalType;

export function isExactTextType(type: string): type is ExactTextType {
  return Object.hasOwn(plainTypes, type) || isDecimalType(type);
}

/** Whether a text has the form of a type, so that it comes back as the same text. */
export function isExactText(type: ExactTextType, text: string): boolean {
  if (isDecimalType(type)) return unscaledOf(text, decimalSizeOf(type)) !== undefined;
  const { kind, unit } = plainTypes[type];
  if (kind === "date") return daysOf(text) !== undefined;
  return (kind === "time" ? timeOf(text, unit) : dateTimeOf(text, unit)) !== undefined;
}

/** A text of a type, for messages: it shows what form the others must have. */
export function exampleOf(type: ExactTextType): string {
  if (isDecimalType(type)) {
    const { precision, scale } = decimalSizeOf(type);
    const whole = precision > scale ? "7" : "0";
    return scale === 0 ? whole : `${whole}.${"50".padEnd(scale, "0").slice(0, scale)}`;
  }
  const { kind, unit } = plainTypes[type];
  const time = `09:30:00.${{ ms: "125", us: "000125", ns: "000000125" }[unit]}`;
  if (kind === "date") return "2026-11-30";
  return kind === "time" ? time : `2026-11-30T${time}`;
}
