import { AsyncLocalStorage } from "node:async_hooks";
import { CircularWaitError } from "../../errors/persistable-errors.ts";
import { describeParams } from "../declare/describe-params.ts";
import type { State } from "../declare/state.ts";

/**
 * A generation that is under way, or that a caller waits for, and the generations that it waits
 * for.
 */
export interface Work {
  readonly key: string;
  /** The name and the params, for people. Worked out only if an error shows it. */
  readonly title: () => string;
  /** The work whose generator asked for it, if any. */
  readonly parent: Work | undefined;
  /** The works that its generators wait for now, each with the number of calls that wait. */
  readonly waitsFor: Map<Work, number>;
  /** Set for work that is queued: it begins when any of these ends. */
  queuedBehind?: ReadonlySet<Work> | undefined;
  /** The number of calls that wait for it or carry it out. */
  users: number;
}

/** A work in the form in which another thread gets it. */
export interface WorkName {
  readonly key: string;
  readonly title: string;
}

const MAX_TITLE_LENGTH = 120;

const current = new AsyncLocalStorage<Work>();
const works = new Map<string, Work>();

/** The key by which this process knows the generation of a persistable. */
export function workKeyOf({ surroundings, recipe }: State): string {
  return `${surroundings.store.url}\n${recipe.address}`;
}

/** The title that error messages show: `points { n: 1 }`. */
export function titleOf({ recipe }: State): () => string {
  return () => {
    const title = `${recipe.name} ${describeParams(recipe.recipeParams)}`;
    const draw = recipe.draw === 0 ? "" : ` (draw ${recipe.draw})`;
    return `${title.length > MAX_TITLE_LENGTH ? `${title.slice(0, MAX_TITLE_LENGTH)}…` : title}${draw}`;
  };
}

/**
 * Carries out the generator of `key`. All that it asks for, at any depth, counts as asked for by
 * this work.
 */
export async function carryOut<Result>(key: string, title: () => string, work: () => Promise<Result>): Promise<Result> {
  const taken = take(key, title);
  try {
    return await current.run(taken, work);
  } finally {
    leave(taken);
  }
}

/** Like {@link carryOut}, for work that {@link enlist} has announced. */
export function carryOutEnlisted<Result>(work: Work, run: () => Promise<Result>): Promise<Result> {
  return current.run(work, run);
}

/**
 * Announces work that others may wait for before it begins. The caller ends it by the function
 * `end`.
 */
export function enlist(key: string, title: () => string): { readonly work: Work; end(): void } {
  const work = take(key, title);
  return { work, end: () => leave(work) };
}

/**
 * Waits for the work of `key`, unless that work waits for the one which asks.
 *
 * @throws {@link CircularWaitError} that shows the cycle
 */
export async function waitFor<Result>(key: string, title: () => string, wait: () => Promise<Result>): Promise<Result> {
  const asking = runningWork();
  if (asking === undefined) return wait();
  const asked = take(key, title);
  try {
    return await waitForWork(asking, asked, wait);
  } finally {
    leave(asked);
  }
}

/** Like {@link waitFor}, for work that was announced. */
export async function waitForEnlisted<Result>(work: Work, wait: () => Promise<Result>): Promise<Result> {
  const asking = runningWork();
  return asking === undefined ? wait() : waitForWork(asking, work, wait);
}

/**
 * The works that have led to the one running now, the first one first, for another thread to
 * continue.
 */
export function lineOfWork(): WorkName[] {
  const line: WorkName[] = [];
  for (let work = runningWork(); work !== undefined; work = work.parent)
    line.push({ key: work.key, title: work.title() });
  return line.reverse();
}

/** Continues, on this thread, the line of works that another thread began. */
export async function continueLine<Result>(line: readonly WorkName[], work: () => Promise<Result>): Promise<Result> {
  const [first, ...rest] = line;
  if (first === undefined) return work();
  return carryOut(
    first.key,
    () => first.title,
    () => {
      const [second] = rest;
      const next = (): Promise<Result> => continueLine(rest, work);
      return second === undefined ? next() : waitFor(second.key, () => second.title, next);
    },
  );
}

async function waitForWork<Result>(asking: Work, asked: Work, wait: () => Promise<Result>): Promise<Result> {
  const way = wayTo(asked, asking);
  if (way !== undefined) throw new CircularWaitError([asking, ...way].map(({ title }) => title()));
  asking.waitsFor.set(asked, (asking.waitsFor.get(asked) ?? 0) + 1);
  try {
    return await wait();
  } finally {
    const left = (asking.waitsFor.get(asked) ?? 1) - 1;
    if (left > 0) asking.waitsFor.set(asked, left);
    else asking.waitsFor.delete(asked);
  }
}

/**
 * Returns the chain from one work to another, in which each work waits for the next; `undefined` if
 * the first one does not wait for the last.
 */
function wayTo(from: Work, to: Work): Work[] | undefined {
  const cameFrom = new Map<Work, Work | undefined>([[from, undefined]]);
  for (const work of cameFrom.keys()) {
    if (work === to) return traceBack(cameFrom, to);
    for (const next of waitedForBy(work, to)) if (!cameFrom.has(next)) cameFrom.set(next, work);
  }
  return undefined;
}

function waitedForBy(work: Work, to: Work): readonly Work[] {
  const { queuedBehind } = work;
  // Queued work begins as soon as one of the works ahead of it ends. So it is stuck only if all of
  // these wait for `to`.
  const isStuck = queuedBehind !== undefined && [...queuedBehind].every((ahead) => wayTo(ahead, to) !== undefined);
  return isStuck ? [...work.waitsFor.keys(), ...queuedBehind] : [...work.waitsFor.keys()];
}

function traceBack(cameFrom: ReadonlyMap<Work, Work | undefined>, to: Work): Work[] {
  const way: Work[] = [];
  for (let step: Work | undefined = to; step !== undefined; step = cameFrom.get(step)) way.push(step);
  return way.reverse();
}

/**
 * Returns the work whose generator runs this code. Code that a generator leaves running after its
 * end belongs to no work.
 */
function runningWork(): Work | undefined {
  const work = current.getStore();
  return work !== undefined && works.get(work.key) === work ? work : undefined;
}

function take(key: string, title: () => string): Work {
  const known = works.get(key);
  const work = known ?? { key, title, parent: runningWork(), waitsFor: new Map(), users: 0 };
  work.users += 1;
  works.set(key, work);
  return work;
}

function leave(work: Work): void {
  work.users -= 1;
  if (work.users === 0 && works.get(work.key) === work) works.delete(work.key);
  // As long as it is enabled, each promise in the process costs more on Node 20 and 22, even in
  // hits.
  if (works.size === 0) current.disable();
}
