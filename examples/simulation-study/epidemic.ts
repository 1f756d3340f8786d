import { InvalidPayloadError, json, npy, Persistable } from "persistable-ts";

interface EpidemicParams {
  readonly people: number;
  /** How many people an infected person infects at first, before anyone is immune. */
  readonly reproduction: number;
  readonly daysInfected: number;
}

interface Epidemic {
  readonly peak: number;
  readonly peakDay: number;
  readonly everInfected: number;
}

/**
 * How many people are infected on each day, person by person. `worker` gives it threads: several
 * epidemics are computed at the same time, and the process stays free. The threads import this
 * module, which is why it is not the one that starts the study.
 */
export class InfectedPerDay extends Persistable<Float64Array, EpidemicParams> {
  static override readonly payloadName = "infected_per_day";
  static override readonly declaration = { worker: import.meta.url, format: npy() };

  protected override generatePayload({ seed }: { seed: number }): Float64Array {
    const { people, reproduction, daysInfected } = this.params;
    const random = mulberry32(seed);
    const days: number[] = [];
    let [susceptible, infected] = [people - 10, 10];
    while (infected > 0) {
      days.push(infected);
      const risk = 1 - Math.exp((-reproduction / daysInfected) * (infected / people));
      const caught = countHits(susceptible, risk, random);
      const recovered = countHits(infected, 1 / daysInfected, random);
      susceptible -= caught;
      infected += caught - recovered;
    }
    return Float64Array.from(days);
  }

  protected override validatePayload(days: Float64Array): void {
    if (days[0] !== 10)
      throw new InvalidPayloadError(`An epidemic begins with 10 infected people, and not with ${days[0]}.`);
  }
}

/** The figures of an epidemic. Counting them in another way does not simulate anything again. */
export class EpidemicFigures extends Persistable<Epidemic, object, { days: InfectedPerDay }> {
  static override readonly payloadName = "epidemic_figures";
  static override readonly declaration = { format: json() };

  protected override async generatePayload(): Promise<Epidemic> {
    const { days } = this.dependencies;
    const infected = await days.payload;
    const peak = infected.reduce((most, count) => Math.max(most, count), 0);
    const total = infected.reduce((sum, count) => sum + count, 0);
    return { peak, peakDay: infected.indexOf(peak), everInfected: Math.round(total / days.params.daysInfected) };
  }
}

/** How many of `count` people something happens to, if it happens to each with this probability. */
function countHits(count: number, probability: number, random: () => number): number {
  let hits = 0;
  for (let person = 0; person < count; person++) if (random() < probability) hits++;
  return hits;
}

/** Random numbers from 0 to 1, the same ones for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
