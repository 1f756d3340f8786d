import { useEffect, useState } from "react";
import type { Routes } from "../../../src/explorer/api.ts";
import { type AskError, ask, routeUrl } from "./ask.ts";
import { useLive } from "./live.tsx";

/** An answer as far as it has come. While another one loads, the last one stays on the screen. */
export interface Answered<Answer> {
  readonly answer?: Answer;
  readonly error?: AskError;
  readonly isLoading: boolean;
}

/** Asks the server when the question changes, or the data directory. `undefined` asks nothing. */
export function useAnswer<Route extends keyof Routes>(
  route: Route,
  asked: Routes[Route]["asked"] | undefined,
  version = 0,
): Answered<Routes[Route]["answer"]> {
  const [answered, setAnswered] = useState<Answered<Routes[Route]["answer"]>>({ isLoading: asked !== undefined });
  const live = useLive();
  const url = asked === undefined ? undefined : routeUrl(route, asked);

  // The URL stands for all that is asked, and the versions for what is behind it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is another object at each rendering.
  useEffect(() => {
    if (asked === undefined) return setAnswered({ isLoading: false });
    const controller = new AbortController();
    setAnswered(({ answer }) => ({ ...(answer === undefined ? {} : { answer }), isLoading: true }));
    ask(route, asked, controller.signal).then(
      (answer) => setAnswered({ answer, isLoading: false }),
      (error) => {
        if (!controller.signal.aborted) setAnswered({ error, isLoading: false });
      },
    );
    return () => controller.abort();
  }, [url, live.version, version]);

  return answered;
}
