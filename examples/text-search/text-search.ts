import type { PersistableOptions } from "persistable-ts";
import { corpus } from "./corpus.ts";
import { search } from "./search.ts";
import { tokens } from "./tokens.ts";
import { vectors } from "./vectors.ts";
import { vocabulary } from "./vocabulary.ts";

/** The settings of the search; all but the questions have a default. */
export interface TextSearchSettings {
  readonly questions: readonly string[];
  readonly licenseCount?: number | undefined;
  readonly stemming?: boolean | undefined;
  readonly minDocumentFrequency?: number | undefined;
  readonly weighting?: "bm25" | "tf-idf" | undefined;
  readonly topicCount?: number | undefined;
}

/**
 * The search, and what it is made of. Only builds it: nothing is read, written or generated before
 * the caller asks for a payload.
 *
 * ```
 * corpus ──▶ tokens ──▶ vocabulary ──▶ vectors ──▶ search
 * ```
 *
 * Besides, vectors need the tokens, and the search needs the corpus and the vocabulary.
 */
export function textSearch(settings: TextSearchSettings, options?: PersistableOptions): ReturnType<typeof search> {
  const { questions, licenseCount, stemming, minDocumentFrequency, weighting, topicCount } = settings;
  const passages = corpus({ licenseCount });
  const words = tokens({ stemming, corpus: passages });
  const terms = vocabulary({ minDocumentFrequency, tokens: words });
  const documents = vectors({ weighting, topicCount, tokens: words, vocabulary: terms });
  return search({ questions: [...questions], corpus: passages, vocabulary: terms, vectors: documents }, options);
}
