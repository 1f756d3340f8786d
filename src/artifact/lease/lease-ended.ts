import type { Claim } from "./lease-claim.ts";

/*
 * An ended claim is one whose owner is done and may not remove it: a program may have the right to
 * write to a bucket and not to remove anything. Other processes must not take it for the claim of
 * an owner that works.
 */

/**
 * The text is as long as a beat, so that it can overwrite one; earlier releases take it for the
 * last beat.
 */
const ENDED = "end of work ";

/** Encodes the text that follows the head of a claim that is over. */
export function encodeEnd(): string {
  return `${ENDED}\n`;
}

/**
 * The tokens of this process's claims that are over: it knows them even if it may not overwrite the
 * claims.
 */
const endedTokens = new Set<string>();

/** Records that the owner of a claim, a lease of this process, is done. */
export function recordEnded(token: string): void {
  endedTokens.add(token);
}

/** Returns whether the owner of a claim has said that it is done. */
export function isEnded({ token, beat }: Claim): boolean {
  return beat.startsWith(ENDED) || endedTokens.has(token);
}
