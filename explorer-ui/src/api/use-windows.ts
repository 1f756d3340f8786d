import { useCallback, useEffect, useRef, useState } from "react";
import type { Window } from "../../../src/explorer/api.ts";
import type { AskError } from "./ask.ts";

const WINDOW_ROWS = 100;
const MOST_WINDOWS = 4;

/** Rows of a long list, of which the page holds only what is near the screen. */
export interface WindowedRows<Answer extends Window<unknown>> {
  /** The newest answer, for what is the same in every window. */
  readonly answer?: Answer;
  readonly error?: AskError;
  readonly isLoading: boolean;
  rowAt(index: number): Answer["rows"][number] | undefined;
  /** Says which rows are on the screen, so that their windows are loaded. */
  show(first: number, last: number): void;
}

interface Held<Answer> {
  readonly key: string;
  readonly answer?: Answer;
  readonly error?: AskError;
  readonly windows: ReadonlyMap<number, Answer>;
}

/**
 * Loads windows of 100 rows as they come near the screen, and holds 4 of them. With another `key`
 * the list is another one: its rows replace the old ones when they have come, so nothing flickers.
 */
export function useWindows<Answer extends Window<unknown>>(
  key: string,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<Answer>,
): WindowedRows<Answer> {
  const [held, setHeld] = useState<Held<Answer>>({ key: "", windows: new Map() });
  const [wanted, setWanted] = useState<readonly [number, number]>([0, 0]);
  const latestLoad = useRef(load);
  latestLoad.current = load;
  const isCurrent = held.key === key;
  const [first, last] = wanted;
  const missing = [first, last].find((index) => !isCurrent || (held.error === undefined && !held.windows.has(index)));

  useEffect(() => {
    if (missing === undefined) return;
    const controller = new AbortController();
    latestLoad.current(missing * WINDOW_ROWS, WINDOW_ROWS, controller.signal).then(
      (answer) => setHeld((before) => withWindow(before, key, missing, answer)),
      (error) => {
        if (!controller.signal.aborted) setHeld({ key, error, windows: new Map() });
      },
    );
    return () => controller.abort();
  }, [key, missing]);

  const show = useCallback((from: number, until: number) => {
    const next = [Math.floor(from / WINDOW_ROWS), Math.floor(until / WINDOW_ROWS)] as const;
    setWanted((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  }, []);

  const { answer, error, windows } = held;
  return {
    ...(answer === undefined ? {} : { answer }),
    ...(error === undefined || !isCurrent ? {} : { error }),
    isLoading: missing !== undefined,
    rowAt: (index) => windows.get(Math.floor(index / WINDOW_ROWS))?.rows[index % WINDOW_ROWS],
    show,
  };
}

function withWindow<Answer>(held: Held<Answer>, key: string, index: number, answer: Answer): Held<Answer> {
  const others = held.key === key ? [...held.windows].filter(([other]) => other !== index) : [];
  return { key, answer, windows: new Map([...others.slice(1 - MOST_WINDOWS), [index, answer]]) };
}
