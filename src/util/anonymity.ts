import { sha256Hex } from "./digest/sha256.ts";

/**
 * Whether what is written names no user, host or paths: as a definition says, or else as the
 * environment says for all.
 */
export function saysAnonymous(said: boolean | undefined): boolean {
  return said ?? ["1", "true"].includes(process.env.PERSISTABLE_ANONYMOUS ?? "");
}

/** Stands for a host where it may not be named: processes of that host recognize it. */
export function hiddenHost(host: string): string {
  return `anonymous-${sha256Hex(new TextEncoder().encode(`persistable host ${host}`)).slice(0, 12)}`;
}
