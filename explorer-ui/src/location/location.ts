import { useSyncExternalStore } from "react";
import { isFile } from "../exported/exported-data.ts";

/**
 * The address bar is the only state of the page that outlives a reload: whatever is visible is in
 * the path or in the query string.
 */
export interface PageLocation {
  readonly path: string;
  readonly params: URLSearchParams;
}

/** Parameters to change: `undefined` removes one, a list sets one several times. */
export type ParamChanges = Readonly<Record<string, string | readonly string[] | undefined>>;

const listeners = new Set<() => void>();
let current = readLocation();

window.addEventListener("popstate", announce);

/** The path of a file says where it lies on disk, so its page is in the fragment. */
function readLocation(): PageLocation {
  const { pathname, search } = isFile ? new URL(window.location.hash.slice(1), "http://page") : window.location;
  return { path: pathname, params: new URLSearchParams(search) };
}

/** Returns the target that a link to a URL of the page has in the document. */
export function hrefOf(url: string): string {
  return isFile ? `#${url}` : url;
}

function announce(): void {
  current = readLocation();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Returns the location of the page; the component renders again when it changes. */
export function useLocation(): PageLocation {
  return useSyncExternalStore(subscribe, () => current);
}

/** Goes to another page: the back button returns from it. */
export function navigate(url: string): void {
  window.history.pushState(null, "", hrefOf(url));
  announce();
  window.scrollTo(0, 0);
}

/** Changes parameters of this page. What is only another view of it makes no step for "back". */
export function changeParams(changes: ParamChanges, { isStep = false } = {}): void {
  const params = withParams(current.params, changes);
  const url = urlOf(current.path, params);
  if (url === urlOf(current.path, current.params)) return;
  if (isStep) window.history.pushState(null, "", hrefOf(url));
  else window.history.replaceState(null, "", hrefOf(url));
  announce();
}

export function withParams(params: URLSearchParams, changes: ParamChanges): URLSearchParams {
  const changed = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    changed.delete(name);
    const values = typeof value === "string" ? [value] : (value ?? []);
    for (const each of values) if (each !== "") changed.append(name, each);
  }
  return changed;
}

/** A URL of the page, with the parameters that have a value. */
export function urlOf(path: string, params: URLSearchParams | ParamChanges = {}): string {
  const given = params instanceof URLSearchParams ? params : withParams(new URLSearchParams(), params);
  // These characters are safe in a query string, and a link with them stays readable.
  const text = given.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
  return text === "" ? path : `${path}?${text}`;
}
