import type { Vocabulary } from "./choose-terms.ts";
import { type WordSequence, wordsOfText } from "./encode-words.ts";
import type { SparseMatrix } from "./sparse-matrix.ts";

/**
 * How much a term says about a document: see https://en.wikipedia.org/wiki/Okapi_BM25 and
 * https://en.wikipedia.org/wiki/Tf-idf.
 */
export type Weighting = "bm25" | "tf-idf";

const BM25_SATURATION = 1.2;
const BM25_LENGTH_SHARE = 0.75;

/** One row for each document, one column for each term. */
export function weighTerms(documents: WordSequence, vocabulary: Vocabulary, weighting: Weighting): SparseMatrix {
  const documentCount = documents.offsets.length - 1;
  const averageLength = documents.sequence.length / Math.max(1, documentCount);
  const rarities = raritiesOf(vocabulary, documentCount);
  const offsets = new Uint32Array(documentCount + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let document = 0; document < documentCount; document++) {
    const words = wordsOfText(documents, document);
    const lengthRatio = words.length / averageLength;
    for (const [term, count] of countTerms(words, vocabulary)) {
      columns.push(term);
      values.push(frequencyWeight(weighting, count, lengthRatio) * (rarities[term] as number));
    }
    offsets[document + 1] = columns.length;
  }
  return {
    columnCount: vocabulary.terms.length,
    offsets,
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
  };
}

/** How rare each term is among the documents (its inverse document frequency). */
export function raritiesOf({ documentFrequencies }: Vocabulary, documentCount: number): Float64Array {
  return Float64Array.from(documentFrequencies, (frequency) =>
    Math.log(1 + (documentCount - frequency + 0.5) / (frequency + 0.5)),
  );
}

function frequencyWeight(weighting: Weighting, count: number, lengthRatio: number): number {
  if (weighting === "tf-idf") return 1 + Math.log(count);
  const saturation = BM25_SATURATION * (1 - BM25_LENGTH_SHARE + BM25_LENGTH_SHARE * lengthRatio);
  return (count * (BM25_SATURATION + 1)) / (count + saturation);
}

function countTerms(words: Uint32Array, vocabulary: Vocabulary): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of words) {
    const term = vocabulary.termOfWord[word] as number;
    if (term >= 0) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return counts;
}
