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

/** Microseconds for one operation. */
export interface Times {
  readonly median: number;
  /** The tenth percentile: what disturbs a round makes it longer, never shorter. */
  readonly low: number;
  /** The median of the CPU time of the whole process, its thread pool included. */
  readonly cpu: number;
}

/** The median of each contender, and all of its times. */
export interface Measured extends ReadonlyMap<string, number> {
  readonly times: ReadonlyMap<string, Times>;
}

/**
 * Microseconds for one operation of each contender, from rounds in which all took turns, in an
 * order that changes.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  { batchSize, rounds, warmUpRounds }: RoundsOptions,
): Promise<Measured> {
  const taken = new Map(contenders.map(({ name }) => [name, { wall: [] as number[], cpu: [] as number[] }]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const contender of rotated(contenders, round + warmUpRounds)) {
      await contender.prepare?.();
      // A measurement should not pay for the garbage of the one before.
      globalThis.gc?.({ type: "minor" } as never);
      const startedCpu = process.cpuUsage();
      const startedNs = process.hrtime.bigint();
      // A synchronous contender is not awaited, since the await would be charged to it.
      const result = contender.run();
      const sum = typeof result === "number" ? result : await result;
      const elapsedNs = Number(process.hrtime.bigint() - startedNs);
      const { user, system } = process.cpuUsage(startedCpu);
      if (!Number.isFinite(sum)) throw new Error(`${contender.name} gave a wrong payload`);
      if (round < 0) continue;
      taken.get(contender.name)?.wall.push(elapsedNs / 1000 / batchSize);
      taken.get(contender.name)?.cpu.push((user + system) / batchSize);
    }
  }
  const times = new Map(
    [...taken].map(([name, { wall, cpu }]) => [name, { median: median(wall), low: low(wall), cpu: median(cpu) }]),
  );
  const medians = new Map([...times].map(([name, one]) => [name, one.median]));
  return Object.assign(medians, { times });
}

function low(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN;
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
