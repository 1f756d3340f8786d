const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a duration such as `500ms`, `30s`, `5m`, `2h` or `7d` into milliseconds. */
export function parseDuration(text: string): number {
  const [, digits = "", unit = ""] = text.match(/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined)
    throw new Error(`${JSON.stringify(text)} is not a duration: write 500ms, 30s, 5m, 2h or 7d.`);
  return Number(digits) * unitMs;
}

/** Parses a size such as `500MB` or `1.5GB` into bytes. */
export function parseSize(text: string): number {
  const [, digits = "", unit = ""] = text.match(/^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB)$/i) ?? [];
  const power = ["b", "kb", "mb", "gb", "tb"].indexOf(unit.toLowerCase());
  if (power === -1) throw new Error(`${JSON.stringify(text)} is not a size: write 300kB, 500MB or 1.5GB.`);
  return Number(digits) * 1000 ** power;
}

/** Parses a share of the whole, such as `0.1` or `10%`, into a number up to 1. */
export function parseShare(text: string): number {
  const [, digits = "", percent = ""] = text.match(/^(\d*\.?\d+)(%?)$/) ?? [];
  const share = Number(digits) / (percent === "" ? 1 : 100);
  if (!(share > 0 && share <= 1)) throw new Error(`${JSON.stringify(text)} is not a part: write 0.1 or 10%.`);
  return share;
}

/** Parses rows such as `0:100`, `100:` or `-10:` into the arguments of `slice`. */
export function parseRows(text: string): { readonly start?: number; readonly end?: number } {
  const [, start, end] = text.match(/^(-?\d+)?:(-?\d+)?$/) ?? [];
  if (start === undefined && end === undefined)
    throw new Error(`${JSON.stringify(text)} does not name rows: write 0:100, 100: or -10: for the last ten.`);
  return {
    ...(start === undefined ? {} : { start: Number(start) }),
    ...(end === undefined ? {} : { end: Number(end) }),
  };
}

/** Parses a pool such as `gpu=1` into its name and its amount. */
export function parsePool(text: string): readonly [name: string, capacity: number] {
  const [, name = "", digits = ""] = text.match(/^([^=]+)=(\d+(?:\.\d+)?)$/) ?? [];
  if (name === "") throw new Error(`${JSON.stringify(text)} is not a pool: write its name and what it has, gpu=1.`);
  return [name, Number(digits)];
}
