import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { AskError } from "../api/ask.ts";
import { useAnswer } from "../api/use-answer.ts";
import { useShortcuts } from "../keyboard/shortcuts.ts";
import { changeParams, navigate, useLocation } from "../location/location.ts";
import { artifactsUrl } from "../location/pages.ts";
import { completionsOf } from "../text/completions.ts";

const PAUSE_MS = 200;
/** These pages show what the query means; on any other page, the query opens the artifacts. */
const FILTERED_PATHS = ["/", "/graph", "/sweep"];

/** The one place where artifacts are filtered. It is the same text as in the command line. */
export function QueryLine() {
  const { path, params } = useLocation();
  const query = params.get("q") ?? "";
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(query);
  const isFiltered = FILTERED_PATHS.includes(path);
  const [isFocused, setIsFocused] = useState(false);
  const store = useAnswer("/api/store", isFocused ? {} : undefined);
  const facets = useAnswer("/api/facets", isFocused ? { query: "" } : undefined);
  const completions = useMemo(
    () => (isFocused ? completionsOf(text, store.answer?.names.rows ?? [], facets.answer?.facets ?? []) : []),
    [isFocused, text, store.answer, facets.answer],
  );
  useShortcuts({ "/": () => field.current?.select() });

  // A click on a facet, or the back button, changes the query elsewhere. What this line itself has
  // sent is not set again: the reader may have typed on in the meantime.
  useEffect(() => {
    if (query !== sent.current) setText(query);
    sent.current = query;
  }, [query]);

  function send(typed: string, isStep: boolean): void {
    sent.current = typed;
    changeParams({ q: typed, r: undefined }, { isStep });
  }

  function type(typed: string): void {
    setText(typed);
    clearTimeout(timer.current);
    if (isFiltered) timer.current = setTimeout(() => send(typed, false), PAUSE_MS);
  }

  function press(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === "Escape") {
      // The browser would clear the field.
      event.preventDefault();
      event.currentTarget.blur();
    }
    if (event.key !== "Enter") return;
    clearTimeout(timer.current);
    if (isFiltered) send(text, true);
    else navigate(artifactsUrl(text));
  }

  return (
    <search className="query-line">
      <input
        ref={field}
        type="search"
        value={text}
        spellCheck={false}
        autoComplete="off"
        list="query-completions"
        onFocus={() => setIsFocused(true)}
        onBlur={() => setIsFocused(false)}
        aria-label="Query: only artifacts for which every term holds"
        placeholder="Filter: estimator zThreshold>1 points.n=100 created>-2d -state=failed"
        onChange={(event) => type(event.target.value)}
        onKeyDown={press}
      />
      <datalist id="query-completions">
        {completions.map((completion) => (
          <option key={completion} value={completion} />
        ))}
      </datalist>
    </search>
  );
}

/** Points at the character at which a query is wrong. */
export function QueryProblem({ query, error }: { readonly query: string; readonly error: AskError }) {
  return (
    <div className="notice" data-tone="bad" role="alert">
      {error.position === undefined ? null : (
        <pre className="query-problem">
          {query}
          {"\n"}
          {" ".repeat(error.position)}^
        </pre>
      )}
      <p>
        <strong>{error.message}</strong>
      </p>
      <p>{error.hint}</p>
    </div>
  );
}
