import type { StagedPayload } from "../../artifact/publish/stage-payload.ts";

/** What there is of a payload that was generated and is not published yet. */
export type PendingContent =
  | { readonly kind: "value"; readonly value: unknown; readonly encoded?: readonly Uint8Array[] }
  /** Its bytes only, in memory that belongs to nobody else. */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] }
  /** Never in memory as a whole, and not in the store yet. */
  | { readonly kind: "unstaged"; readonly source: Unstaged }
  | StagedContent;

/** In the store, under a name that no record names yet. */
export interface StagedContent {
  readonly kind: "staged";
  readonly staged: StagedPayload;
  /** Where it came from, as long as it is kept there as well. */
  readonly source: Unstaged | undefined;
  readonly handle?: { readonly value: unknown };
}

/** A stream, a file or a folder outside of the store. */
export interface Unstaged {
  /** Write it into the store. */
  stage(signal: AbortSignal | undefined): Promise<StagedPayload>;
  /** Look at it where it is. */
  open(): Promise<unknown>;
  /** Refers to nothing but what it discards: what refers to the persistable would keep this payload in memory for ever. */
  readonly discard: () => Promise<void>;
}

/** A payload that was generated, with what went wrong when it was received or written for the first time. */
export interface Given {
  readonly content: PendingContent;
  readonly failure?: { readonly error: unknown };
}
