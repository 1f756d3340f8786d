import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseTerms } from "../../examples/text-search/choose-terms.ts";
import { cutPassages } from "../../examples/text-search/cut-passages.ts";
import { describePassage } from "../../examples/text-search/describe-passage.ts";
import { encodeWords, wordsOfText } from "../../examples/text-search/encode-words.ts";
import { findTopics } from "../../examples/text-search/find-topics.ts";
import {
  multiply,
  multiplyTransposed,
  normalizeRows,
  type SparseMatrix,
} from "../../examples/text-search/sparse-matrix.ts";
import { createWordSplitter } from "../../examples/text-search/split-words.ts";
import { weighTerms } from "../../examples/text-search/weigh-terms.ts";

const cut = (texts: Record<string, string>, words: number) =>
  cutPassages(
    Object.entries(texts).map(([id, licenseText]) => [id, { licenseText }] as const),
    words,
  );

describe("passages", () => {
  test("end at the end of a sentence, once they have enough words", () => {
    const passages = cut({ MIT: "One two three. Four five\nsix. Seven eight." }, 5);
    expect(passages.map(({ text }) => text)).toEqual(["One two three. Four five six.", "Seven eight."]);
  });

  test("that several licenses share are kept once, whatever their case and punctuation", () => {
    const passages = cut({ A: "NO WARRANTY.", B: "No warranty!", C: "Some warranty." }, 10);
    expect(passages).toEqual([
      { licenses: ["A", "B"], text: "NO WARRANTY." },
      { licenses: ["C"], text: "Some warranty." },
    ]);
  });

  test("have every word of the text, in order", () => {
    const text = fc.array(fc.constantFrom("a1", "b2", "c3.", "d4;", "\n\n"), { minLength: 1 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (words, passageWords) => {
        // Numbered, so that no two passages are alike.
        const numbered = words.map((word, index) => (word === "\n\n" ? word : `${index}${word}`)).join(" ");
        const passages = cut({ X: numbered }, passageWords);
        expect(passages.map((passage) => passage.text).join(" ")).toBe(numbered.split(/\s+/).filter(Boolean).join(" "));
      }),
    );
  });
});

test("words are lower-case letters, and with stemming their stems", () => {
  const text = "Distributing Software, redistribution of a 2nd software's copies";
  const plain = ["distributing", "software", "redistribution", "of", "nd", "software", "copies"];
  expect(createWordSplitter({ stemming: false })(text)).toEqual(plain);
  const stems = createWordSplitter({ stemming: true });
  expect(stems("distributing")).toEqual(stems("distribution"));
});

test("numbered words give the texts back", () => {
  const texts = ["to be or not to be", "", "be"];
  const encoded = encodeWords(texts, (text) => text.split(" ").filter(Boolean));
  const decoded = texts.map((_, index) =>
    [...wordsOfText(encoded, index)].map((word) => encoded.words[word]).join(" "),
  );
  expect(decoded).toEqual(texts);
});

test("the vocabulary leaves out what is too rare and what is too common", () => {
  const texts = ["the cat", "the cat sat", "the dog", "the end"];
  const vocabulary = chooseTerms(
    encodeWords(texts, (text) => text.split(" ")),
    { minDocumentFrequency: 2, maxDocumentShare: 0.5 },
  );
  expect(vocabulary.terms).toEqual(["cat"]);
  expect([...vocabulary.documentFrequencies]).toEqual([2]);
  expect([...vocabulary.termOfWord]).toEqual([-1, 0, -1, -1, -1]);
});

describe("weights", () => {
  const texts = ["rare common", "common common", "common"];
  const documents = encodeWords(texts, (text) => text.split(" "));
  const vocabulary = chooseTerms(documents, { minDocumentFrequency: 1, maxDocumentShare: 1 });

  test.each(["bm25", "tf-idf"] as const)("of rare words are higher, and grow with their number (%s)", (weighting) => {
    const weights = weighTerms(documents, vocabulary, weighting);
    expect([...weights.offsets]).toEqual([0, 2, 3, 4]);
    const [rare = 0, common = 0, twice = 0] = weights.values;
    expect(rare).toBeGreaterThan(common);
    expect(twice).toBeGreaterThan(common);
  });

  test("have rows of length 1 once they are normalized", () => {
    const { values, offsets } = normalizeRows(weighTerms(documents, vocabulary, "bm25"));
    for (const row of [0, 1, 2]) expect(Math.hypot(...values.subarray(offsets[row], offsets[row + 1]))).toBeCloseTo(1);
  });
});

/** [[1, 0, 2], [0, 3, 0]] */
const matrix: SparseMatrix = {
  columnCount: 3,
  offsets: Uint32Array.of(0, 2, 3),
  columns: Uint32Array.of(0, 2, 1),
  values: Float32Array.of(1, 2, 3),
};

test("sparse matrices multiply as matrices do", () => {
  expect([...multiply(matrix, { width: 2, values: Float64Array.of(1, 2, 3, 4, 5, 6) }).values]).toEqual([
    11, 14, 9, 12,
  ]);
  expect([...multiplyTransposed(matrix, { width: 1, values: Float64Array.of(5, 7) }).values]).toEqual([5, 21, 10]);
});

test("topics are the directions along which documents differ most", () => {
  const { values } = findTopics(matrix, { topicCount: 2, iterations: 40, randomState: 1 });
  const columns = [0, 1].map((topic) => [0, 1, 2].map((term) => Math.abs(values[term * 2 + topic] as number)));
  // The two documents share no word: the one of length 3 comes first, then the one of length √5.
  const directions = [
    [0, 1, 0],
    [1 / Math.sqrt(5), 0, 2 / Math.sqrt(5)],
  ];
  for (const [topic, direction] of directions.entries()) {
    for (const [term, value] of direction.entries()) expect(columns[topic]?.[term]).toBeCloseTo(value, 6);
  }
  const again = findTopics(matrix, { topicCount: 2, iterations: 40, randomState: 1 });
  expect(again.values).toEqual(values);
});

test("a snippet shows the words that were asked for, and at most three licenses by name", () => {
  const text = `${"filler ".repeat(60)}the needle here${" filler".repeat(60)}`;
  const passage = { licenses: ["A", "B", "C", "D", "E"], text };
  const { licenses, snippet, score } = describePassage(passage, 0.123456, (word) => word === "needle");
  expect(licenses).toBe("A, B, C and 2 more");
  expect(score).toBe(0.123);
  expect(snippet).toMatch(/^… .*needle.* …$/);
  expect(snippet.length).toBeLessThan(250);
});
