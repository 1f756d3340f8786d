/**
 * A matrix that is mostly zeros, row by row: the entries of row `i` stand at `offsets[i]` to
 * `offsets[i + 1] - 1`. Known elsewhere as compressed sparse rows.
 */
export interface SparseMatrix {
  readonly columnCount: number;
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
}

/** Many rows of the same width, one after the other. */
export interface DenseMatrix<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly width: number;
  readonly values: Values;
}

export function rowCountOf(matrix: SparseMatrix): number {
  return matrix.offsets.length - 1;
}

/** `matrix · dense` */
export function multiply(matrix: SparseMatrix, dense: DenseMatrix): DenseMatrix<Float64Array> {
  const { width } = dense;
  const product = new Float64Array(rowCountOf(matrix) * width);
  forEachEntry(matrix, (row, column, value) =>
    addScaled(product, row * width, dense.values, column * width, value, width),
  );
  return { width, values: product };
}

/** `transpose(matrix) · dense` */
export function multiplyTransposed(matrix: SparseMatrix, dense: DenseMatrix): DenseMatrix<Float64Array> {
  const { width } = dense;
  const product = new Float64Array(matrix.columnCount * width);
  forEachEntry(matrix, (row, column, value) =>
    addScaled(product, column * width, dense.values, row * width, value, width),
  );
  return { width, values: product };
}

/**
 * The same matrix with every row of length 1, so that long documents weigh no more than short ones.
 */
export function normalizeRows(matrix: SparseMatrix): SparseMatrix {
  const values = new Float32Array(matrix.values.length);
  for (let row = 0; row < rowCountOf(matrix); row++) {
    const start = matrix.offsets[row] as number;
    const end = matrix.offsets[row + 1] as number;
    const entries = matrix.values.subarray(start, end);
    const length = Math.sqrt(entries.reduce((sum, value) => sum + value * value, 0));
    if (length > 0)
      values.set(
        entries.map((value) => value / length),
        start,
      );
  }
  return { ...matrix, values };
}

function forEachEntry(matrix: SparseMatrix, visit: (row: number, column: number, value: number) => void): void {
  for (let row = 0; row < rowCountOf(matrix); row++) {
    const end = matrix.offsets[row + 1] as number;
    for (let index = matrix.offsets[row] as number; index < end; index++) {
      visit(row, matrix.columns[index] as number, matrix.values[index] as number);
    }
  }
}

function addScaled(
  sum: Float64Array,
  sumStart: number,
  addend: Float32Array | Float64Array,
  addendStart: number,
  factor: number,
  width: number,
): void {
  for (let index = 0; index < width; index++) {
    sum[sumStart + index] = (sum[sumStart + index] as number) + factor * (addend[addendStart + index] as number);
  }
}

/** The same in half the space. */
export function roundToSingle({ width, values }: DenseMatrix): DenseMatrix<Float32Array> {
  return { width, values: Float32Array.from(values) };
}
