/**
 * The type of a column of decimals: all have the same number of digits after the point, `scale`,
 * and at most `precision` digits in all. `decimal(10,2)` has texts such as `12.50`.
 */
export type DecimalType = `decimal(${number},${number})`;

export interface DecimalSize {
  readonly precision: number;
  readonly scale: number;
}

/** The most digits that a decimal has: those of Arrow's longest, of 256 bits. */
const MAX_PRECISION = 76;

const TYPE = /^decimal\(([1-9]\d?),(0|[1-9]\d?)\)$/;

export function isDecimalType(type: string): type is DecimalType {
  const [, precision, scale] = TYPE.exec(type) ?? [];
  return precision !== undefined && isSize({ precision: Number(precision), scale: Number(scale) });
}

export function decimalSizeOf(type: DecimalType): DecimalSize {
  const [, precision, scale] = TYPE.exec(type) ?? [];
  return { precision: Number(precision), scale: Number(scale) };
}

/**
 * The type of decimals of this size; undefined for more digits than a column of decimals has. A
 * scale below 0, which Arrow has, means that the last digits are zeros, and they become digits.
 */
export function decimalTypeOf({ precision, scale }: DecimalSize): DecimalType | undefined {
  const size =
    scale < 0 ? { precision: precision - scale, scale: 0 } : { precision: Math.max(precision, scale), scale };
  return isSize(size) ? `decimal(${size.precision},${size.scale})` : undefined;
}

function isSize({ precision, scale }: DecimalSize): boolean {
  return (
    Number.isSafeInteger(precision) &&
    Number.isSafeInteger(scale) &&
    precision >= 1 &&
    precision <= MAX_PRECISION &&
    scale >= 0 &&
    scale <= precision
  );
}

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
/** The longest text: a sign, a zero, a point and the digits. */
const LONGEST = MAX_PRECISION + 3;

/**
 * The digits of a decimal as a whole number; undefined for a text that `textOfUnscaled` does not
 * write. `12.50` of scale 2 gives 1250.
 */
export function unscaledOf(text: string, { precision, scale }: DecimalSize): bigint | undefined {
  if (text.length > LONGEST || !DECIMAL.test(text)) return undefined;
  const [whole = "", fraction = ""] = text.split(".");
  if (fraction.length !== scale) return undefined;
  const unscaled = BigInt(whole + fraction);
  // There is one zero: `-0.00` would come back without its sign.
  if (unscaled === 0n && text.startsWith("-")) return undefined;
  return fits(unscaled, precision) ? unscaled : undefined;
}

/** The text of a decimal, from its digits; undefined if it has more than its type allows. */
export function textOfUnscaled(unscaled: bigint, { precision, scale }: DecimalSize): string | undefined {
  if (!fits(unscaled, precision)) return undefined;
  if (scale === 0) return String(unscaled);
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function fits(unscaled: bigint, precision: number): boolean {
  const most = 10n ** BigInt(precision);
  return unscaled < most && unscaled > -most;
}
