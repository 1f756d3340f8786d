/** One of the programs that are compared. */
export interface Contender {
  readonly name: string;
  /**
   * Work of one batch, `batchSize` operations; what it returns is summed up, so that no work can be
   * optimized away.
   */
  run(): number | Promise<number>;
  /** Runs before each batch, and is not timed. */
  prepare?(): void | Promise<void>;
}

export interface RoundsOptions {
  readonly batchSize: number;
  readonly rounds: number;
  readonly warmUpRounds: number;
}

/**
 * Microseconds for one operation of each contender: the median of rounds in which all took turns,
 * in an order that changes.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  { batchSize, rounds, warmUpRounds }: RoundsOptions,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const contender of rotated(contenders, round + warmUpRounds)) {
      await contender.prepare?.();
      // A measurement should not pay for the garbage of the one before.
      globalThis.gc?.({ type: "minor" } as never);
      const startedNs = process.hrtime.bigint();
      // A synchronous contender is not awaited, since the await would be charged to it.
      const result = contender.run();
      const sum = typeof result === "number" ? result : await result;
      const elapsedNs = Number(process.hrtime.bigint() - startedNs);
      if (!Number.isFinite(sum)) throw new Error(`${contender.name} gave a wrong payload`);
      if (round >= 0) times.get(contender.name)?.push(elapsedNs / 1000 / batchSize);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("no measurement to take the median of");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/**
 * Every second round goes backwards, and each begins with another contender, so that no contender
 * always follows the same one.
 */
function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const start = round % items.length;
  const turned = [...items.slice(start), ...items.slice(0, start)];
  return round % 2 === 0 ? turned : turned.reverse();
}
