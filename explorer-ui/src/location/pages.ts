import { visibleText } from "../../../src/errors/visible-text.ts";
import { urlOf } from "./location.ts";

/** A page, and what its path names. */
export type Page =
  | { readonly kind: "artifacts" | "compare" | "graph" | "runs" | "sweep" | "why" | "disk" | "trouble" | "unknown" }
  | { readonly kind: "artifact"; readonly address: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "run"; readonly id: string };

/** The pages of the top bar. */
export const MAIN_PAGES = [
  { kind: "artifacts", path: "/", title: "Artifacts", keepsQuery: true },
  { kind: "runs", path: "/runs", title: "Runs", keepsQuery: false },
  { kind: "graph", path: "/graph", title: "Graph", keepsQuery: true },
  { kind: "sweep", path: "/sweep", title: "Sweep", keepsQuery: true },
  { kind: "why", path: "/why", title: "Why", keepsQuery: false },
  { kind: "disk", path: "/disk", title: "Disk", keepsQuery: false },
  { kind: "trouble", path: "/trouble", title: "Trouble", keepsQuery: false },
] as const;

export function pageOf(path: string): Page {
  const [first = "", second] = path.split("/").slice(1).map(decode);
  if (second !== undefined && second !== "") {
    if (first === "a") return { kind: "artifact", address: second };
    if (first === "d") return { kind: "name", name: second };
    if (first === "runs") return { kind: "run", id: second };
    return { kind: "unknown" };
  }
  if (first === "compare") return { kind: "compare" };
  return { kind: MAIN_PAGES.find((page) => page.path === `/${first}`)?.kind ?? "unknown" };
}

/**
 * A path that a reader typed may hold a lone percent sign, and one that another page links to may
 * hold characters that hide or reorder what is shown.
 */
function decode(part: string): string {
  try {
    return visibleText(decodeURIComponent(part));
  } catch {
    return part;
  }
}

/** The digits of an address that links and lists show. */
export function shortAddress(address: string): string {
  return address.slice(0, 8);
}

export function artifactUrl(address: string): string {
  return `/a/${shortAddress(address)}`;
}

export function nameUrl(name: string): string {
  return `/d/${encodeURIComponent(name)}`;
}

export function runUrl(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

export function compareUrl(addresses: readonly string[]): string {
  return urlOf("/compare", { a: addresses.map(shortAddress) });
}

export function whyUrl(address: string): string {
  return urlOf("/why", { a: shortAddress(address) });
}

export function graphUrl(addresses: readonly string[]): string {
  return urlOf("/graph", { of: addresses.map(shortAddress), down: "1" });
}

export function artifactsUrl(query: string): string {
  return urlOf("/", { q: query });
}
