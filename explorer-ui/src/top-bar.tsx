import type { StoreAnswer } from "../../src/explorer/api.ts";
import { useLive } from "./api/live.tsx";
import { openHelpSheet } from "./keyboard/help-sheet.tsx";
import { Link } from "./location/link.tsx";
import { urlOf, useLocation } from "./location/location.ts";
import { MAIN_PAGES } from "./location/pages.ts";
import { formatCount } from "./text/format.ts";

/** The same on every page: which data directory, whether it is live, and the other pages. */
export function TopBar({ store, path }: { readonly store: StoreAnswer | undefined; readonly path: string }) {
  const { params } = useLocation();
  const query = params.get("q") ?? "";
  return (
    <header className="top-bar">
      <Link href="/" className="brand">
        persistable
      </Link>
      <span className="data-dir" title={store?.url}>
        {store?.shownAs}
      </span>
      <LiveDot />
      <nav aria-label="Pages">
        {MAIN_PAGES.map(({ path: target, title, keepsQuery }) => (
          <Link
            key={target}
            href={urlOf(target, keepsQuery ? { q: query } : {})}
            aria-current={path === target ? "page" : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      <button type="button" onClick={openHelpSheet} aria-label="Keys and help">
        ?
      </button>
    </header>
  );
}

const TONES = { live: "good", connecting: "quiet", file: "quiet", disconnected: "bad", lost: "bad" } as const;

/** Changes wait here until the reader asks for them, so that nothing moves under a finger. */
export function LiveDot() {
  const { state, added, removed, showChanges } = useLive();
  const words = {
    connecting: "connecting",
    live: "live",
    disconnected: "no connection, trying again",
    lost: "data directory gone",
    file: "a file, which does not change",
  };
  const changes = [
    added === 0 ? [] : `${formatCount(added)} new`,
    removed === 0 ? [] : `${formatCount(removed)} removed`,
  ].flat();
  return (
    <span className="live" role="status">
      <span className="state" data-tone={TONES[state]}>
        <span aria-hidden="true">{state === "live" ? "●" : "○"}</span> {words[state]}
      </span>
      {changes.length === 0 ? null : (
        <button type="button" onClick={showChanges}>
          {changes.join(", ")} <span aria-hidden="true">↑</span>
        </button>
      )}
    </span>
  );
}
