import { LiveProvider, useLive } from "./api/live.tsx";
import { useAnswer } from "./api/use-answer.ts";
import { ExportNote } from "./exported/export-note.tsx";
import { isFile } from "./exported/exported-data.ts";
import { HelpSheet } from "./keyboard/help-sheet.tsx";
import { useShortcuts } from "./keyboard/shortcuts.ts";
import { useLocation } from "./location/location.ts";
import { pageOf } from "./location/pages.ts";
import { Announcer } from "./parts/announcer.tsx";
import { copyText } from "./parts/copy-button.tsx";
import { ErrorBoundary } from "./parts/error-boundary.tsx";
import { QueryLine } from "./parts/query-line.tsx";
import { ShownPage } from "./shown-page.tsx";
import { TopBar } from "./top-bar.tsx";

export function App() {
  return (
    <LiveProvider>
      <Frame />
    </LiveProvider>
  );
}

function Frame() {
  const { path } = useLocation();
  const store = useAnswer("/api/store", {});
  const live = useLive();
  useShortcuts({
    u: () => void copyText(window.location.href, "URL"),
    "[": () => window.history.back(),
    "]": () => window.history.forward(),
  });
  const problem = live.problem ?? store.answer?.problem;
  return (
    <>
      <TopBar store={store.answer} path={path} />
      <QueryLine />
      {isFile ? <ExportNote /> : null}
      {problem === undefined ? null : (
        <div className="notice" data-tone="bad" role="alert">
          <strong>The data directory cannot be read: {problem}</strong>
          <p>The page shows what it has, and goes on by itself when the data directory is there again.</p>
        </div>
      )}
      <ErrorBoundary key={path}>
        <ShownPage page={pageOf(path)} />
      </ErrorBoundary>
      <HelpSheet />
      <Announcer />
    </>
  );
}
