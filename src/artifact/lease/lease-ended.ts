import type { Claim } from "./lease-claim.ts";

/*
 * A claim that its owner is done with and may not remove, as where a program may write to a bucket and remove nothing. Nobody else may
 * take it for the claim of an owner who works.
 */

/**
 * As long as a beat, so that it can stand in its place; earlier releases take it for the last beat.
 */
const ENDED = "end of work ";

/** What stands behind the head of a claim that is over. */
export function encodeEnd(): string {
  return `${ENDED}\n`;
}

/** Of this process. Where it may not even write over a claim, it knows at least of its own. */
const endedTokens = new Set<string>();

/** The owner of the claim, a lease of this process, is done. */
export function noteEnded(token: string): void {
  endedTokens.add(token);
}

/** Whether the owner of a claim has said that it is done. */
export function isEnded({ token, beat }: Claim): boolean {
  return beat.startsWith(ENDED) || endedTokens.has(token);
}
