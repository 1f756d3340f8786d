import { type DenseMatrix, multiply, type SparseMatrix } from "./sparse-matrix.ts";

/** The direction of each document among the topics, as vectors of length 1. */
export function projectDocuments(documents: SparseMatrix, topics: DenseMatrix): DenseMatrix {
  const { width, values } = multiply(documents, topics);
  for (let start = 0; start < values.length; start += width) {
    const document = values.subarray(start, start + width);
    const length = Math.sqrt(document.reduce((sum, value) => sum + value * value, 0));
    if (length > 0)
      document.forEach((value, topic) => {
        document[topic] = value / length;
      });
  }
  return { width, values };
}
