import { useEffect, useRef } from "react";

/** The sheet behind `?`, in its order. */
export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ["/"], does: "go to the query line" },
  { keys: ["j", "↓"], does: "next row" },
  { keys: ["k", "↑"], does: "previous row" },
  { keys: ["PgDn", "PgUp"], does: "a screen down or up" },
  { keys: ["Home", "End"], does: "first or last row" },
  { keys: ["Enter"], does: "open the row" },
  { keys: ["x", "Space"], does: "choose the row" },
  { keys: ["c"], does: "compare what is chosen" },
  { keys: ["d"], does: "show only what differs, or everything" },
  { keys: ["w"], does: "why: the nearest artifacts and what differs" },
  { keys: ["g"], does: "graph: what it is made from" },
  { keys: ["p"], does: "plots of the sweep" },
  { keys: ["t"], does: "table instead of drawing, and back" },
  { keys: ["y"], does: "copy the address" },
  { keys: ["u"], does: "copy the URL of this page" },
  { keys: ["e"], does: "export" },
  { keys: ["[", "]"], does: "back and forward" },
  { keys: ["?"], does: "this sheet" },
  { keys: ["Esc"], does: "close, or leave the query line" },
];

const SWITCH = "persistable-explorer-shortcuts";

/** Some readers press keys by voice or by accident, so single keys can be switched off. */
export function areShortcutsOn(): boolean {
  return window.localStorage.getItem(SWITCH) !== "off";
}

export function switchShortcuts(isOn: boolean): void {
  window.localStorage.setItem(SWITCH, isOn ? "on" : "off");
}

export type KeyHandlers = Readonly<Record<string, (() => void) | undefined>>;

/** Calls a handler for its key, as `KeyboardEvent.key` names it, unless the reader is typing. */
export function useShortcuts(handlers: KeyHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const handler = latest.current[event.key];
      if (handler === undefined || !isForThePage(event) || !areShortcutsOn()) return;
      event.preventDefault();
      handler();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

function isForThePage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  const { target } = event;
  if (!(target instanceof Element)) return true;
  if (target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]") !== null) return false;
  // Enter and space press what has the focus.
  return !(["Enter", " "].includes(event.key) && target.closest("a, button, summary, input, [role=tab]") !== null);
}
