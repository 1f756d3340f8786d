import type { Passage } from "./cut-passages.ts";

/** One answer to a question, for people. */
export interface SearchResult {
  /** At most three of the licenses that say so, and how many more there are. */
  readonly licenses: string;
  readonly score: number;
  /** The part of the passage that has most of the question's words. */
  readonly snippet: string;
}

const SNIPPET_WORDS = 26;

export function describePassage(passage: Passage, score: number, isAsked: (word: string) => boolean): SearchResult {
  return {
    licenses: describeLicenses(passage.licenses),
    score: Math.round(score * 1000) / 1000,
    snippet: cutSnippet(passage.text, isAsked),
  };
}

function describeLicenses(licenses: readonly string[]): string {
  const more = licenses.length - 3;
  return licenses.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The words around those that were asked for. */
function cutSnippet(text: string, isAsked: (word: string) => boolean): string {
  const words = text.split(" ");
  const asked = words.map((word) => (isAsked(word) ? 1 : 0));
  let start = 0;
  let hits = 0;
  let mostHits = -1;
  words.forEach((_, end) => {
    hits += asked[end] as number;
    if (end >= SNIPPET_WORDS) hits -= asked[end - SNIPPET_WORDS] as number;
    if (hits <= mostHits) return;
    mostHits = hits;
    start = Math.max(0, end - SNIPPET_WORDS + 1);
  });
  // The hits are at the window's end now: move it on, so that they lie in its middle.
  start = Math.min(start + Math.floor(SNIPPET_WORDS / 3), Math.max(0, words.length - SNIPPET_WORDS));
  const end = start + SNIPPET_WORDS;
  return `${start > 0 ? "… " : ""}${words.slice(start, end).join(" ")}${end < words.length ? " …" : ""}`;
}
