const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `5m`, `2h`, `7d` in milliseconds. */
export function parseDuration(text: string): number {
  const [, digits = "", unit = ""] = text.match(/^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined)
    throw new Error(`${JSON.stringify(text)} is not a duration: write 500ms, 30s, 5m, 2h or 7d.`);
  return Number(digits) * unitMs;
}

/** `gpu=1` as a name and an amount. */
export function parsePool(text: string): readonly [name: string, capacity: number] {
  const [, name = "", digits = ""] = text.match(/^([^=]+)=(\d+(?:\.\d+)?)$/) ?? [];
  if (name === "") throw new Error(`${JSON.stringify(text)} is not a pool: write its name and what it has, gpu=1.`);
  return [name, Number(digits)];
}
