import { stemmer } from "stemmer";

const WORD = /\p{L}[\p{L}\p{N}]+/gu;

/** How texts become words; documents and questions have to be split alike. */
export interface WordOptions {
  /** Cut words down to their stems, so that `distributing` finds `distribution`. */
  readonly stemming: boolean;
}

/** The words of each text, in order, lower-case. */
export function createWordSplitter({ stemming }: WordOptions): (text: string) => string[] {
  const stems = new Map<string, string>();
  const stemOf = (word: string): string => {
    let stem = stems.get(word);
    if (stem === undefined) {
      stem = stemmer(word);
      stems.set(word, stem);
    }
    return stem;
  };
  return (text) => {
    const words: string[] = text.toLowerCase().match(WORD) ?? [];
    return stemming ? words.map(stemOf) : words;
  };
}
