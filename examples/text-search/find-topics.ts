import { type DenseMatrix, multiply, multiplyTransposed, type SparseMatrix } from "./sparse-matrix.ts";

export interface TopicOptions {
  /** The number of topics. */
  readonly topicCount: number;
  /** The number of rounds that improve the first guess. */
  readonly iterations: number;
  /** The seed of the random numbers. */
  readonly randomState: number;
}

/**
 * The directions along which documents differ most, one row for each term: latent semantic
 * analysis, by subspace iteration. Terms that stand in the same kinds of documents point the same
 * way, so that a document can be found by words that it does not have.
 */
export function findTopics(
  documents: SparseMatrix,
  { topicCount, iterations, randomState }: TopicOptions,
): DenseMatrix {
  let topics = orthonormalize(randomMatrix(documents.columnCount, topicCount, randomState));
  for (let iteration = 0; iteration < iterations; iteration++) {
    topics = orthonormalize(multiplyTransposed(documents, multiply(documents, topics)));
  }
  return topics;
}

/** Makes the columns orthogonal to each other and of length 1 (modified Gram-Schmidt). */
function orthonormalize(matrix: DenseMatrix): DenseMatrix {
  const { width } = matrix;
  const columns = columnsOf(matrix);
  columns.forEach((column, index) => {
    for (const earlier of columns.slice(0, index)) subtractScaled(column, earlier, dot(column, earlier));
    const length = Math.sqrt(dot(column, column));
    if (length > 1e-12)
      column.forEach((value, row) => {
        column[row] = value / length;
      });
    else column.fill(0);
  });
  const values = new Float64Array(matrix.values.length);
  columns.forEach((column, index) => {
    for (let row = 0; row < column.length; row++) values[row * width + index] = column[row] as number;
  });
  return { width, values };
}

function columnsOf({ width, values }: DenseMatrix): Float64Array[] {
  const height = values.length / width;
  return Array.from({ length: width }, (_, column) =>
    Float64Array.from({ length: height }, (_, row) => values[row * width + column] as number),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function subtractScaled(from: Float64Array, subtrahend: Float64Array, factor: number): void {
  for (let index = 0; index < from.length; index++) {
    from[index] = (from[index] as number) - factor * (subtrahend[index] as number);
  }
}

function randomMatrix(rows: number, width: number, randomState: number): DenseMatrix {
  let state = randomState >>> 0;
  const random = (): number => {
    // The 32-bit generator known as mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { width, values: Float64Array.from({ length: rows * width }, () => random() - 0.5) };
}
