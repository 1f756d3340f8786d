import { AsyncLocalStorage } from "node:async_hooks";
import { checkDraw } from "./model-options.ts";

interface Draws {
  /** Returns the draw of the next call with this key. `giveBack` makes a draw available again. */
  take(key: string): number;
  giveBack(key: string, draw: number): void;
}

const current = new AsyncLocalStorage<Draws>();

/**
 * Gives every model call that `work` makes, at any depth, this draw: it is trial `draw` of an
 * evaluation. A trial that was made before is replayed, and a new one asks the model.
 *
 * @throws {@link DefinitionError} for a draw that is not a whole number from 0
 *
 * @example
 * ```ts
 * import { openai } from "@ai-sdk/openai";
 * import { generateText } from "ai";
 * import { persistModel, withDraw } from "persistable-ts/ai-sdk";
 *
 * const model = persistModel(openai("gpt-4o"), { dataDir: "data" });
 * const answers: string[] = [];
 * for (const trial of [0, 1, 2])
 *   answers.push(await withDraw(trial, async () => (await generateText({ model, prompt: "Name a fruit." })).text));
 * ```
 */
export function withDraw<Result>(draw: number, work: () => Result): Result {
  const checked = checkDraw(draw);
  return current.run({ take: () => checked, giveBack: () => {} }, work);
}

/**
 * The k-th equal model call that `work` makes, at any depth, is draw `from + k`: to ask the same
 * several times and get several answers, for instance when one could not be used. Equal calls can
 * be exchanged, so it does not matter which of them comes first. A call that fails does not count.
 *
 * @throws {@link DefinitionError} for a number that is not a whole one from 0
 *
 * @example
 * ```ts
 * import { openai } from "@ai-sdk/openai";
 * import { generateText } from "ai";
 * import { persistModel, withDraws } from "persistable-ts/ai-sdk";
 *
 * const model = persistModel(openai("gpt-4o"), { dataDir: "data" });
 * const ask = () => generateText({ model, prompt: "Name a fruit." });
 * const votes = await withDraws(() => Promise.all([ask(), ask(), ask()])); // three answers
 * ```
 */
export function withDraws<Result>(work: () => Result, options: { readonly from?: number | undefined } = {}): Result {
  const from = checkDraw(options.from ?? 0);
  const next = new Map<string, number>();
  const free = new Map<string, number[]>();
  return current.run(
    {
      take(key) {
        const left = free.get(key)?.shift();
        if (left !== undefined) return left;
        const draw = next.get(key) ?? from;
        next.set(key, draw + 1);
        return draw;
      },
      giveBack: (key, draw) =>
        free.set(
          key,
          [...(free.get(key) ?? []), draw].sort((a, b) => a - b),
        ),
    },
    work,
  );
}

/** The draws of the work that runs now, if it has its own. */
export function currentDraws(): Draws | undefined {
  return current.getStore();
}
