import type { Vocabulary } from "./choose-terms.ts";
import type { Passage } from "./cut-passages.ts";
import { describePassage, type SearchResult } from "./describe-passage.ts";
import { type DenseMatrix, rowCountOf, type SparseMatrix } from "./sparse-matrix.ts";
import { raritiesOf } from "./weigh-terms.ts";

/** The vectors by which the search compares documents. */
export interface DocumentVectors {
  /** How much each term says about each document. */
  readonly weights: SparseMatrix;
  /** The position of each term among the topics. */
  readonly topics: DenseMatrix;
  /** The direction of each document, as vectors of length 1. */
  readonly documentTopics: DenseMatrix;
}

export interface SearchIndex {
  readonly passages: readonly Passage[];
  readonly vocabulary: Vocabulary;
  readonly vectors: DocumentVectors;
  readonly splitWords: (text: string) => string[];
}

export interface RankOptions {
  readonly resultCount: number;
  /** 0: only the very words of the question count; 1: only its topic does. */
  readonly topicShare: number;
}

/** The passages that answer a question best, at most one of each license. */
export function rankPassages(
  question: string,
  index: SearchIndex,
  { resultCount, topicShare }: RankOptions,
): SearchResult[] {
  const terms = termsOf(question, index);
  if (terms.length === 0) return [];
  const scores = scorePassages(terms, index, topicShare);
  const ranking = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const isAsked = (word: string): boolean =>
    index.splitWords(word).some((stem) => terms.includes(index.vocabulary.terms.indexOf(stem)));
  return bestOfEachLicense(ranking, index.passages, resultCount).map((document) =>
    describePassage(index.passages[document] as Passage, scores[document] as number, isAsked),
  );
}

/** How well each passage answers a question of these terms. */
export function scorePassages(
  terms: readonly number[],
  { vectors, vocabulary }: Pick<SearchIndex, "vectors" | "vocabulary">,
  topicShare: number,
): Float64Array {
  const byWords = scoreWords(terms, vectors.weights);
  const rarities = raritiesOf(vocabulary, byWords.length);
  const byTopic = scoreTopic(terms, rarities, vectors);
  const best = byWords.reduce((most, score) => Math.max(most, score), Number.MIN_VALUE);
  return byWords.map(
    (score, document) => (1 - topicShare) * (score / best) + topicShare * (byTopic[document] as number),
  );
}

/** The question's terms, as indices into the vocabulary. */
export function termsOf(
  question: string,
  { vocabulary, splitWords }: Pick<SearchIndex, "vocabulary" | "splitWords">,
): number[] {
  const terms = new Set(splitWords(question).map((word) => vocabulary.terms.indexOf(word)));
  terms.delete(-1);
  return [...terms];
}

function scoreWords(terms: readonly number[], weights: SparseMatrix): Float64Array {
  const asked = new Uint8Array(weights.columnCount);
  for (const term of terms) asked[term] = 1;
  const scores = new Float64Array(rowCountOf(weights));
  for (let document = 0; document < scores.length; document++) {
    const end = weights.offsets[document + 1] as number;
    let score = 0;
    for (let entry = weights.offsets[document] as number; entry < end; entry++) {
      if (asked[weights.columns[entry] as number] === 1) score += weights.values[entry] as number;
    }
    scores[document] = score;
  }
  return scores;
}

/** The cosine between the question and each document. */
function scoreTopic(
  terms: readonly number[],
  rarities: Float64Array,
  { topics, documentTopics }: DocumentVectors,
): Float64Array {
  const { width } = topics;
  const direction = new Float64Array(width);
  for (const term of terms) {
    for (let topic = 0; topic < width; topic++) {
      const share = (rarities[term] as number) * (topics.values[term * width + topic] as number);
      direction[topic] = (direction[topic] as number) + share;
    }
  }
  const length = Math.hypot(...direction) || 1;
  return Float64Array.from({ length: documentTopics.values.length / Math.max(1, width) }, (_, document) => {
    let product = 0;
    for (let topic = 0; topic < width; topic++) {
      product += (direction[topic] as number) * (documentTopics.values[document * width + topic] as number);
    }
    return product / length;
  });
}

function bestOfEachLicense(ranking: Uint32Array, passages: readonly Passage[], count: number): number[] {
  const seen = new Set<string>();
  const chosen: number[] = [];
  for (const document of ranking) {
    if (chosen.length === count) break;
    const { licenses } = passages[document] as Passage;
    if (licenses.some((license) => seen.has(license))) continue;
    for (const license of licenses) seen.add(license);
    chosen.push(document);
  }
  return chosen;
}
