import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { StoreEvent } from "../../../src/explorer/api.ts";
import { isFile } from "../exported/exported-data.ts";

/** The changes of the data directory since the page showed it. */
export interface Live {
  readonly state: "connecting" | "live" | "disconnected" | "lost" | "file";
  /** Why the data directory cannot be read. */
  readonly problem?: string | undefined;
  /** Changes that the page does not show yet. */
  readonly added: number;
  readonly removed: number;
  /** Grows when everything has to be loaded again. */
  readonly version: number;
  /** Grows when runs began, went on or ended. */
  readonly runsVersion: number;
  /** Shows the changes: loads everything again. */
  showChanges(): void;
}

type Known = Omit<Live, "showChanges">;

const nothingYet: Known = { state: "connecting", added: 0, removed: 0, version: 0, runsVersion: 0 };
const LiveContext = createContext<Live>({ ...nothingYet, showChanges: () => {} });

export function useLive(): Live {
  return useContext(LiveContext);
}

/** For a part of the page that shows given data, such as the page of components. */
export const GivenLive = LiveContext.Provider;

const EVENT_TYPES = ["hello", "reset", "changed", "runs", "lost", "found"] as const;

/**
 * Listens to the server. A change only adds to the counts: nothing on the screen moves before the
 * reader asks for it.
 */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [known, setKnown] = useState(nothingYet);

  useEffect(() => {
    if (isFile) return setKnown((before) => ({ ...before, state: "file" }));
    const source = new EventSource("/api/events");
    const hear = ({ data }: MessageEvent<string>) => {
      const event: StoreEvent = JSON.parse(data);
      setKnown((before) => afterEvent(before, event));
    };
    for (const type of EVENT_TYPES) source.addEventListener(type, hear);
    source.onerror = () => setKnown((before) => ({ ...before, state: "disconnected" }));
    return () => source.close();
  }, []);

  const live = useMemo(() => ({ ...known, showChanges: () => setKnown(afterReload) }), [known]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

function afterEvent(known: Known, event: StoreEvent): Known {
  switch (event.type) {
    case "hello":
      // A server that was started again may show another state, so what failed is asked again.
      return known.state === "disconnected" ? afterReload({ ...known, state: "live" }) : { ...known, state: "live" };
    case "changed":
      return { ...known, added: known.added + event.added, removed: known.removed + event.removed };
    case "runs":
      return { ...known, runsVersion: known.runsVersion + 1 };
    case "lost":
      return { ...known, state: "lost", problem: event.problem };
    case "reset":
    case "found":
      return afterReload({ ...known, state: "live", problem: undefined });
  }
}

function afterReload(known: Known): Known {
  return { ...known, added: 0, removed: 0, version: known.version + 1 };
}
