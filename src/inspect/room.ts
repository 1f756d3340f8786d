import { visibleLine } from "../errors/visible-text.ts";
import type { PreviewLimits } from "../format/preview.ts";

/** One value is not allowed to take all the room. */
const LONGEST_TEXT = 300;

/** Counts what a preview may still hold, and how long its statistics may still take. */
export class Room {
  readonly limits: PreviewLimits;
  #leftBytes: number;
  #endMs: number | undefined;

  constructor(limits: PreviewLimits) {
    this.limits = limits;
    this.#leftBytes = limits.maxBytes;
  }

  /** Whether nothing more fits. */
  get isFull(): boolean {
    return this.#leftBytes <= 0;
  }

  /**
   * The time counts from the first question: what was loaded and decoded before has other bounds.
   */
  get isLate(): boolean {
    const nowMs = performance.now();
    this.#endMs ??= nowMs + this.limits.maxMs;
    return nowMs >= this.#endMs;
  }

  /** The text on one line that moves no cursor, cut to what fits. */
  text(text: string, longest = LONGEST_TEXT): string {
    const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
    const shown = visibleLine(cut);
    // Quotes, commas and keys around it take room as well; a character is at most three bytes.
    this.take(16 + (/^[\x20-\x7e]*$/.test(shown) ? shown.length : 3 * shown.length));
    return shown;
  }

  take(bytes: number): void {
    this.#leftBytes -= bytes;
  }
}
