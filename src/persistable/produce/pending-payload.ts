import type { Publication } from "../../artifact/publish/publication.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { decodePayload, encodePayload } from "../../format/encode-payload.ts";
import type { RecordDraft } from "../../record/encode-record.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import { workKeyOf } from "../context/wait-graph.ts";
import type { Pending, State, TakenByGenerator } from "../declare/state.ts";
import { isShareable } from "../load/hold-payload.ts";

/** What there is of a payload that was generated and is not published yet. */
export type PendingContent =
  | { readonly kind: "value"; readonly value: unknown; readonly encoded?: readonly Uint8Array[] }
  /** Its bytes only, in memory that belongs to nobody else. */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] }
  | HandleContent;

/** A payload that is never in memory as a whole. Its publication has it, in the store or beside it. */
export interface HandleContent {
  readonly kind: "handle";
  readonly publication: Publication;
  /** The handle, once it was opened. */
  readonly opened?: { readonly value: unknown };
}

/** A payload that was generated, with what went wrong when it was received or written for the first time. */
export interface Given {
  readonly content: PendingContent;
  readonly failure?: { readonly error: unknown };
}

/**
 * A payload that was generated and is not published yet. It knows what was done for it already, so that whoever takes it up again does only the rest; and
 * what belongs to it is removed with it.
 */
export class PendingPayload implements Pending {
  /** The one whose generator made it: by its format, validator and hooks it is published. */
  readonly state: State;
  /** Takes the place of an artifact that is already there, on purpose. */
  readonly isReplacing: boolean;
  readonly taken: TakenByGenerator;
  draft: RecordDraft;
  /** When it was generated, and how long that took; known once {@link measure} was called. */
  createdAt = "";
  durationMs = 0;
  isValidated = false;
  /** The validator has refused it: it is not published unless the validator is asked again and takes it. */
  isRefused = false;
  isSummarized = false;
  isTold = false;
  isPublished = false;
  /** It was in the store, and is not there any more. */
  isLost = false;
  /** Published, dropped or lost. */
  isOver = false;
  /** What went wrong while it was written for the first time, to be reported. */
  failure: { readonly error: unknown } | undefined;
  content: PendingContent;
  #elapsedMs: (() => number) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isBusy = false;

  constructor(
    state: State,
    made: {
      readonly content: PendingContent;
      readonly failure?: { readonly error: unknown } | undefined;
      readonly draft: RecordDraft;
      readonly taken: TakenByGenerator;
      readonly isReplacing: boolean;
      /** How long its own generation has been going on. */
      readonly elapsedMs: () => number;
    },
  ) {
    this.state = state;
    this.isReplacing = made.isReplacing;
    this.draft = made.draft;
    this.taken = made.taken;
    this.failure = made.failure;
    this.content = made.content;
    this.#elapsedMs = made.elapsedMs;
  }

  /** It is generated now. Later calls change nothing: what is published later was not generated later. */
  measure(): void {
    if (this.#elapsedMs === undefined) return;
    this.durationMs = this.#elapsedMs();
    this.createdAt = new Date().toISOString();
    this.#elapsedMs = undefined;
  }

  /** One after the other: two callers may want to publish it at the same time. */
  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#turn;
    let end = (): void => {};
    this.#turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    await before;
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
      // Dropped meanwhile.
      if (this.isOver) await this.#discard();
      end();
    }
  }

  /** The payload as its hooks and its caller see it; written into the store first where it is a handle on what lies there. */
  async open(signal: AbortSignal | undefined): Promise<unknown> {
    const { content } = this;
    if (content.kind === "value") return content.value;
    if (content.kind === "encoded") return this.#decode(content.encoded);
    return content.opened === undefined ? this.#openHandle(content, signal) : content.opened.value;
  }

  /** The payload to look at, for an error; `undefined` where that fails, too. */
  async peek(): Promise<unknown> {
    const { content } = this;
    try {
      if (content.kind !== "handle") return await this.open(undefined);
      const { publication } = content;
      const isOutside = publication.hasOrigin && (this.isRefused || !publication.isStaged);
      return await (isOutside ? publication.openOrigin() : this.open(undefined));
    } catch {
      return undefined;
    }
  }

  /** The bytes to publish, of a payload that is in memory. */
  async encode(): Promise<readonly Uint8Array[]> {
    const { content } = this;
    if (content.kind === "encoded") return content.encoded;
    if (content.kind !== "value") throw new TypeError("A handle is staged, not encoded.");
    if (content.encoded !== undefined) return content.encoded;
    const encoded = await encodePayload(this.state.format, content.value);
    this.content = { ...content, encoded };
    return encoded;
  }

  /** Keep it with its persistable until it is published or dropped, out of reach of everybody who could change it meanwhile. */
  async keep(): Promise<void> {
    if (this.isOver) return;
    const { pending } = this.state;
    this.state.pending = this;
    if (pending !== undefined && pending !== this) await pending.drop();
    const { content } = this;
    if (content.kind === "value") this.content = await this.#secured(content);
    else if (content.kind === "handle") await this.#keepHandle(content);
  }

  /** It is where it was to be: in the store, or in memory on purpose. */
  async finish(): Promise<void> {
    const { draft, createdAt, durationMs, taken, state, content } = this;
    this.isOver = true;
    this.#letGo();
    if (content.kind === "handle") await content.publication.discard();
    state.lastGenerated = { draft, createdAt, durationMs, taken };
    // An earlier one, which has a later one in its place now.
    await state.pending?.drop();
  }

  /** It is not going to be published. */
  async drop(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.#letGo();
    // Whoever is at work on it removes what is left, and is not waited for: it may be a hook that drops it.
    if (!this.#isBusy) await this.#discard();
  }

  async #discard(): Promise<void> {
    if (this.content.kind === "handle") await this.content.publication.discard();
  }

  #letGo(): void {
    if (this.state.pending === this) this.state.pending = undefined;
    if (shared.get(workKeyOf(this.state))?.deref() === this) shared.delete(workKeyOf(this.state));
  }

  /** What was refused does not belong into the store; what only the store has failed to publish stays there. */
  async #keepHandle({ publication }: HandleContent): Promise<void> {
    if (!publication.isStaged) return;
    // Opened again the next time, which shows whether it is still there.
    this.content = { kind: "handle", publication };
    if (!this.isRefused) return publication.releaseOrigin();
    if (!publication.hasOrigin) this.#lose();
    await publication.unstage();
  }

  async #openHandle(content: HandleContent, signal: AbortSignal | undefined): Promise<unknown> {
    const { publication } = content;
    const staged = await publication.stage(signal);
    const { recipe, surroundings, format, limits } = this.state;
    const { openStagedPayload } = await loadPart(() => import("../../artifact/read/open-staged-payload.ts"));
    try {
      const value = await openStagedPayload(surroundings.store, recipe, staged, format, limits);
      this.content = { ...content, opened: { value } };
      return value;
    } catch (error) {
      // Somebody has removed it: there is nothing left to publish.
      if (error instanceof CorruptArtifactError && !publication.hasOrigin) this.#lose();
      throw error;
    }
  }

  #lose(): void {
    this.isLost = true;
    this.isOver = true;
    this.#letGo();
  }

  #decode(encoded: readonly Uint8Array[]): unknown {
    return decodePayload(this.state.format, new Uint8Array(Buffer.concat(encoded)), this.state.limits);
  }

  /** A generator may use its memory again, and the caller is handed the payload with the error: neither may change what is published later. */
  async #secured(content: Extract<PendingContent, { kind: "value" }>): Promise<PendingContent> {
    const { value } = content;
    const mayHandOut = isShareable(this.state, value);
    if (mayHandOut && this.state.memory !== "shared") return { kind: "value", value };
    try {
      const encoded = (await this.encode()).map((chunk) => new Uint8Array(chunk));
      return mayHandOut ? { kind: "value", value, encoded } : { kind: "encoded", encoded };
    } catch {
      // What its format cannot hold, or memory has no room for twice.
      return { kind: "value", value };
    }
  }
}

/** By place, for other objects of the same recipe. Held by the objects that made them alone: a program that gives up must not fill its memory. */
const shared = new Map<string, WeakRef<PendingPayload>>();

const unshared = new FinalizationRegistry<string>((key) => {
  if (shared.get(key)?.deref() === undefined) shared.delete(key);
});

const byError = new WeakMap<object, PendingPayload>();

/** The payload that is still to be published for a persistable: its own, or one that another object of the same recipe has made, and only the store has refused. */
export function pendingOf(state: State): PendingPayload | undefined {
  const own = ownPending(state);
  if (own !== undefined) return own;
  const key = workKeyOf(state);
  const pending = shared.get(key)?.deref();
  if (pending === undefined) shared.delete(key);
  return pending;
}

/** The payload that a persistable keeps until it is published. */
export function ownPending(state: State): PendingPayload | undefined {
  if (state.pending instanceof PendingPayload && !state.pending.isOver) return state.pending;
  // Another object of the same recipe has published or dropped it.
  state.pending = undefined;
  return undefined;
}

/** What is wrong is the place, and not the payload: other objects of the same recipe may publish it, too. */
export function sharePending(pending: PendingPayload): void {
  if (pending.isOver || pending.isReplacing) return;
  const key = workKeyOf(pending.state);
  shared.set(key, new WeakRef(pending));
  unshared.register(pending, key);
}

/** Remember which payload an error is about. */
export function noteFailure(error: object, pending: PendingPayload): void {
  byError.set(error, pending);
}

/** Whether an error is known to be about a pending payload. */
export function isNoted(error: unknown): boolean {
  return typeof error === "object" && error !== null && byError.has(error);
}

/** Whoever has waited for the same work keeps what has come of it, too. */
export function adoptPending(state: State, error: unknown): void {
  const pending = typeof error === "object" && error !== null ? byError.get(error) : undefined;
  if (pending !== undefined && !pending.isOver) state.pending ??= pending;
}
