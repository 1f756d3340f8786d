/**
 * Texts as numbers: the words of text `i` are `sequence[offsets[i]]` to `sequence[offsets[i + 1] -
 * 1]`, each an index into `words`.
 */
export interface WordSequence {
  readonly words: readonly string[];
  readonly sequence: Uint32Array;
  readonly offsets: Uint32Array;
}

/** Numbers the distinct words in the order in which they appear. */
export function encodeWords(texts: readonly string[], splitWords: (text: string) => string[]): WordSequence {
  const numberOf = new Map<string, number>();
  const sequence: number[] = [];
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, textIndex) => {
    for (const word of splitWords(text)) {
      const number = numberOf.get(word) ?? numberOf.size;
      numberOf.set(word, number);
      sequence.push(number);
    }
    offsets[textIndex + 1] = sequence.length;
  });
  return { words: [...numberOf.keys()], sequence: Uint32Array.from(sequence), offsets };
}

/** The words of one text. */
export function wordsOfText({ sequence, offsets }: WordSequence, textIndex: number): Uint32Array {
  return sequence.subarray(offsets[textIndex], offsets[textIndex + 1]);
}
