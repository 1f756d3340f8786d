import { type WordSequence, wordsOfText } from "./encode-words.ts";

/** The words that count for the search. */
export interface Vocabulary {
  readonly terms: readonly string[];
  /** In how many documents each term stands. */
  readonly documentFrequencies: Uint32Array;
  /** The index of each word of the word sequence into `terms`, -1 where it was left out. */
  readonly termOfWord: Int32Array;
}

export interface TermLimits {
  /** Leaves out words of fewer documents, such as slips and names. */
  readonly minDocumentFrequency: number;
  /** Leaves out words that stand in more than this share of the documents, such as `the`. */
  readonly maxDocumentShare: number;
}

/**
 * Counts in how many documents each word stands, and leaves out what is too rare or too common to
 * tell documents apart.
 */
export function chooseTerms(documents: WordSequence, limits: TermLimits): Vocabulary {
  const documentCount = documents.offsets.length - 1;
  const frequencies = countDocuments(documents, documentCount);
  const terms: string[] = [];
  const documentFrequencies: number[] = [];
  const termOfWord = new Int32Array(documents.words.length).fill(-1);
  documents.words.forEach((word, index) => {
    const frequency = frequencies[index] as number;
    if (frequency < limits.minDocumentFrequency || frequency > limits.maxDocumentShare * documentCount) return;
    termOfWord[index] = terms.length;
    terms.push(word);
    documentFrequencies.push(frequency);
  });
  return { terms, documentFrequencies: Uint32Array.from(documentFrequencies), termOfWord };
}

function countDocuments(documents: WordSequence, documentCount: number): Uint32Array {
  const frequencies = new Uint32Array(documents.words.length);
  for (let document = 0; document < documentCount; document++) {
    for (const word of new Set(wordsOfText(documents, document))) {
      frequencies[word] = (frequencies[word] as number) + 1;
    }
  }
  return frequencies;
}
