/**
 * Random numbers that are the same for the same words, for ever and on every machine. They are not
 * secure: no secret may depend on them.
 *
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand, a small fast counting generator with
 * 128 bits of state. The finalizer of Austin Appleby's MurmurHash3 mixes the words into the state.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...words: readonly number[]) {
    this.#a = mixWords(words, 0x9e3779b9);
    this.#b = mixWords(words, 0x85ebca6b);
    this.#c = mixWords(words, 0xc2b2ae35);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.nextWord();
  }

  /** Returns 32 random bits. */
  nextWord(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Returns a number from 0 to below 1, with 53 random bits. */
  next(): number {
    return ((this.nextWord() >>> 5) * 2 ** 26 + (this.nextWord() >>> 6)) / 2 ** 53;
  }

  /** Returns a whole number from 0 to below `end`, which is at most 2 ** 53. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }
}

const WARM_UP_ROUNDS = 15;

/** Mixes safe integers into one word of 32 bits. */
export function mixWords(words: readonly number[], start: number): number {
  let mixed = start;
  for (const word of words) {
    mixed = mixWord(mixed ^ (word | 0));
    mixed = mixWord(mixed ^ Math.floor(word / 2 ** 32));
  }
  return mixed;
}

/** Mixes a word so that each bit of the result depends on each of its bits. */
export function mixWord(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
