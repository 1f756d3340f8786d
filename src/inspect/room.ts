import { visibleLine } from "../errors/visible-text.ts";
import type { PreviewLimits } from "../format/preview.ts";

/** The text of one value is cut to this length, so that it does not fill the whole preview. */
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
   * Whether the statistics have taken too long. The time counts from the first call, since loading
   * and decoding have limits of their own.
   */
  get isLate(): boolean {
    const nowMs = performance.now();
    this.#endMs ??= nowMs + this.limits.maxMs;
    return nowMs >= this.#endMs;
  }

  /**
   * Returns a text on one line without control characters, cut to `longest`, and counts its bytes.
   */
  text(text: string, longest = LONGEST_TEXT): string {
    const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
    const shown = visibleLine(cut);
    // The quotes, commas and keys around the text count, too. A character takes at most three
    // bytes.
    this.take(16 + (/^[\x20-\x7e]*$/.test(shown) ? shown.length : 3 * shown.length));
    return shown;
  }

  take(bytes: number): void {
    this.#leftBytes -= bytes;
  }
}
