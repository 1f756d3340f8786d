import { mixWord, SeededRandom } from "./seeded-random.ts";

/**
 * A random order of the whole numbers from 0 to below a size: it returns the number at a position.
 */
export type Permutation = (place: number) => number;

/**
 * Creates a random order of the numbers from 0 to below `size`, which is the same for equal `words`
 * (the seed). The memory for it does not grow with `size`, which is at most 2 ** 53.
 */
export function createPermutation(size: number, ...words: readonly number[]): Permutation {
  const random = new SeededRandom(...words);
  return size <= MAX_LISTED ? listedPermutation(size, random) : computedPermutation(size, random);
}

const MAX_LISTED = 2 ** 16;

/** A shuffle after Fisher and Yates, in the variant of Durstenfeld. */
function listedPermutation(size: number, random: SeededRandom): Permutation {
  const numbers = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const other = i + random.below(size - i);
    const number = numbers[i] ?? 0;
    numbers[i] = numbers[other] ?? 0;
    numbers[other] = number;
  }
  return (place) => numbers[place] ?? 0;
}

const ROUNDS = 10;

/**
 * The generalized Feistel cipher of John Black and Phillip Rogaway ("Ciphers with Arbitrary Finite
 * Domains", 2002). It permutes `width * height` numbers, which are a few more than `size`. A result
 * that is not below `size` is permuted again until it is.
 */
function computedPermutation(size: number, random: SeededRandom): Permutation {
  const width = Math.ceil(Math.sqrt(size));
  const height = Math.ceil(size / width);
  const keys = Array.from({ length: ROUNDS }, () => random.nextWord());
  return (place) => {
    let number = place;
    do {
      let column = number % width;
      let row = Math.floor(number / width);
      for (let round = 0; round < ROUNDS; round += 2) {
        column = (column + shuffled(row, keys[round])) % width;
        row = (row + shuffled(column, keys[round + 1])) % height;
      }
      number = row * width + column;
    } while (number >= size);
    return number;
  };
}

function shuffled(half: number, key = 0): number {
  return mixWord(mixWord(half ^ key) + key) >>> 0;
}
