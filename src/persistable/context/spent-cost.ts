const MAX_UNITS = 100;
const MAX_UNIT_LENGTH = 100;
/** Sums are rounded to the digits that a double holds for certain, so that 0.1 and 0.2 make 0.3. */
const DIGITS = 15;

/** The cost of one generation, summed up by unit. */
export class SpentCost {
  readonly #sums = new Map<string, number>();

  /**
   * Adds all of the amounts, or none of them if it throws.
   *
   * @throws TypeError that names the unit whose amount cannot be counted
   */
  add(spent: Readonly<Record<string, number>>): void {
    if (typeof spent !== "object" || spent === null) {
      throw new TypeError(
        `cost(…) was given ${String(spent)}. Give amounts by unit: cost({ usd: 0.02, tokens: 1800 }).`,
      );
    }
    const units = Object.keys(spent);
    if (
      new Set([...this.#sums.keys(), ...units]).size > MAX_UNITS ||
      units.some((unit) => unit.length > MAX_UNIT_LENGTH)
    ) {
      throw new TypeError(
        `cost(…) was given more than ${MAX_UNITS} units in one generation, or one longer than ${MAX_UNIT_LENGTH} characters. A unit is a word: usd, tokens.`,
      );
    }
    const added = Object.entries(spent).map(([unit, amount]) => {
      if (typeof amount !== "number" || !Number.isFinite(amount) || amount < 0) {
        throw new TypeError(
          `cost({ ${unit}: … }) was given ${describeAmount(amount)}. An amount is a finite number from 0 up; leave out what is not known.`,
        );
      }
      const sum = (this.#sums.get(unit) ?? 0) + amount;
      if (!Number.isFinite(sum)) throw new TypeError(`The cost in ${unit} has become too large for a number.`);
      return [unit, sum] as const;
    });
    for (const [unit, sum] of added) this.#sums.set(unit, sum);
  }

  /** The sums by unit; `undefined` if nothing was ever added. */
  get total(): Readonly<Record<string, number>> | undefined {
    if (this.#sums.size === 0) return undefined;
    return Object.fromEntries([...this.#sums].map(([unit, sum]) => [unit, rounded(sum)]));
  }
}

function rounded(sum: number): number {
  return Number.isInteger(sum) ? sum : Number(sum.toPrecision(DIGITS));
}

function describeAmount(amount: unknown): string {
  return typeof amount === "string" ? JSON.stringify(amount) : String(amount);
}
