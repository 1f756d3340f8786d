import type { Publication } from "../../artifact/publish/publication.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { decodePayload, encodePayload } from "../../format/encode-payload.ts";
import type { RecordDraft } from "../../record/encode-record.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { workKeyOf } from "../context/wait-graph.ts";
import type { Pending, State, TakenByGenerator } from "../declare/state.ts";
import { isShareable } from "../load/hold-payload.ts";

const openStagedPayloadPart = lazyPart(() => import("../../artifact/read/open-staged-payload.ts"));

/** The form in which a payload is kept that was generated and is not published yet. */
export type PendingContent =
  | { readonly kind: "value"; readonly value: unknown; readonly encoded?: readonly Uint8Array[] }
  /** Only its bytes, in memory that no other code can change. */
  | { readonly kind: "encoded"; readonly encoded: readonly Uint8Array[] }
  | HandleContent;

/**
 * A payload that is never in memory as a whole: its publication holds the files, in the store or
 * outside.
 */
export interface HandleContent {
  readonly kind: "handle";
  readonly publication: Publication;
  /** The handle, once it was opened. */
  readonly opened?: { readonly value: unknown };
}

/**
 * A payload that was generated, with the error of the first attempt to receive or write it, if it
 * failed.
 */
export interface Given {
  readonly content: PendingContent;
  readonly failure?: { readonly error: unknown };
}

/**
 * A payload that was generated and is not published yet. It knows which steps were done already, so
 * that a later call does only the rest. Files that belong to it are removed with it.
 */
export class PendingPayload implements Pending {
  /** The persistable whose generator made the payload: its format, validator and hooks are used. */
  readonly state: State;
  /** True if the payload is meant to replace an artifact that is already there. */
  readonly isReplacing: boolean;
  readonly taken: TakenByGenerator;
  /** Why the payload is handed out and not published, if its generator said so. */
  readonly unkept: string | undefined;
  draft: RecordDraft;
  /** The time of the generation and its duration; known once {@link measure} was called. */
  createdAt = "";
  durationMs = 0;
  isValidated = false;
  /**
   * The validator has refused the payload. It is not published unless the validator later accepts
   * it.
   */
  isRefused = false;
  isSummarized = false;
  isTold = false;
  isPublished = false;
  /** The payload was in the store, and is not there any more. */
  isLost = false;
  /** The payload was published, dropped or lost. */
  isOver = false;
  /** The error of the first attempt to write the payload, which is still to be reported. */
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
      readonly unkept: string | undefined;
      readonly isReplacing: boolean;
      /**
       * Returns the time since the generation began, in milliseconds, without that for
       * dependencies.
       */
      readonly elapsedMs: () => number;
    },
  ) {
    this.state = state;
    this.isReplacing = made.isReplacing;
    this.draft = made.draft;
    this.taken = made.taken;
    this.unkept = made.unkept;
    this.failure = made.failure;
    this.content = made.content;
    this.#elapsedMs = made.elapsedMs;
  }

  /**
   * Marks the end of the generation. Only the first call counts, since a payload that is published
   * later was not generated later.
   */
  measure(): void {
    if (this.#elapsedMs === undefined) return;
    this.durationMs = this.#elapsedMs();
    this.createdAt = new Date().toISOString();
    this.#elapsedMs = undefined;
  }

  /**
   * Runs one piece of work after the other, since two callers may want to publish at the same time.
   */
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
      // The payload was dropped while `work` ran.
      if (this.isOver && this.unkept === undefined) await this.#discard();
      end();
    }
  }

  /**
   * Returns the payload as hooks and callers get it. If that is a handle, the payload is first
   * written into the store.
   */
  async open(signal: AbortSignal | undefined): Promise<unknown> {
    const { content } = this;
    if (content.kind === "value") return content.value;
    if (content.kind === "encoded") return this.#decode(content.encoded);
    return content.opened === undefined ? this.#openHandle(content, signal) : content.opened.value;
  }

  /** Returns the payload for an error to show; `undefined` if that fails, too. */
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

  /** Returns the bytes to publish, if the payload is in memory. */
  async encode(): Promise<readonly Uint8Array[]> {
    const { content } = this;
    if (content.kind === "encoded") return content.encoded;
    if (content.kind !== "value") throw new TypeError("A handle is staged, not encoded.");
    if (content.encoded !== undefined) return content.encoded;
    const encoded = await encodePayload(this.state.format, content.value);
    this.content = { ...content, encoded };
    return encoded;
  }

  /**
   * Keeps the payload with its persistable until it is published or dropped, in a form that no
   * other code can change meanwhile.
   */
  async keep(): Promise<void> {
    if (this.isOver) return;
    const { pending } = this.state;
    this.state.pending = this;
    if (pending !== undefined && pending !== this) await pending.drop();
    const { content } = this;
    if (content.kind === "value") this.content = await this.#secured(content);
    else if (content.kind === "handle") await this.#keepHandle(content);
  }

  /** Marks that the payload is where it should be: in the store, or in memory on purpose. */
  async finish(): Promise<void> {
    const { draft, createdAt, durationMs, taken, state, content } = this;
    this.isOver = true;
    this.#letGo();
    if (content.kind === "handle") await content.publication.discard();
    state.lastGenerated = { draft, createdAt, durationMs, taken };
    // A payload that was pending before this one has been replaced by it.
    await state.pending?.drop();
  }

  /**
   * Hands the payload out for good: it will not be published. What lies in the store of a handle is
   * removed when no caller has the handle any more.
   */
  handOut(payload: unknown): void {
    this.isOver = true;
    this.#letGo();
    if (this.content.kind === "handle" && typeof payload === "object" && payload !== null)
      handedOut.set(payload, this.content.publication);
  }

  /** Gives the payload up: it will not be published. */
  async drop(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.#letGo();
    // Work that is under way removes what is left of the payload. It is not awaited here, since a
    // hook that runs in it may be the caller.
    if (!this.#isBusy) await this.#discard();
  }

  async #discard(): Promise<void> {
    if (this.content.kind === "handle") await this.content.publication.discard();
  }

  #letGo(): void {
    if (this.state.pending === this) this.state.pending = undefined;
    if (shared.get(workKeyOf(this.state))?.deref() === this) shared.delete(workKeyOf(this.state));
  }

  /**
   * Takes a refused payload out of the store again. One that the store has only failed to publish
   * stays.
   */
  async #keepHandle({ publication }: HandleContent): Promise<void> {
    if (!publication.isStaged) return;
    // It is opened again the next time, which shows whether it is still there.
    this.content = { kind: "handle", publication };
    if (!this.isRefused) return publication.releaseOrigin();
    if (!publication.hasOrigin) this.#lose();
    await publication.unstage();
  }

  async #openHandle(content: HandleContent, signal: AbortSignal | undefined): Promise<unknown> {
    const { publication } = content;
    const staged = await publication.stage(signal);
    const { recipe, surroundings, format, limits } = this.state;
    const { openStagedPayload } = await openStagedPayloadPart();
    try {
      const value = await openStagedPayload(surroundings.store, recipe, staged, format, limits);
      this.content = { ...content, opened: { value } };
      return value;
    } catch (error) {
      // Another process has removed the payload: there is nothing left to publish.
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

  /**
   * Protects the payload that is published later: the generator may use its memory again, and the
   * caller gets the payload with the error.
   */
  async #secured(content: Extract<PendingContent, { kind: "value" }>): Promise<PendingContent> {
    const { value } = content;
    const mayHandOut = isShareable(this.state, value);
    if (mayHandOut && this.state.memory !== "shared") return { kind: "value", value };
    try {
      const encoded = (await this.encode()).map((chunk) => new Uint8Array(chunk));
      return mayHandOut ? { kind: "value", value, encoded } : { kind: "encoded", encoded };
    } catch {
      // The format cannot hold the payload, or memory does not suffice for a second copy.
      return { kind: "value", value };
    }
  }
}

/**
 * The publication of each handle that a caller has. It must stay in memory with the handle: when it
 * is collected, it removes its staged files.
 */
const handedOut = new WeakMap<object, Publication>();

/**
 * Pending payloads by work key, for other objects of the same recipe. The references are weak, so
 * that a payload is kept only as long as the object that generated it: it must not fill the memory
 * of a program that has given it up.
 */
const shared = new Map<string, WeakRef<PendingPayload>>();

const unshared = new FinalizationRegistry<string>((key) => {
  if (shared.get(key)?.deref() === undefined) shared.delete(key);
});

const byError = new WeakMap<object, PendingPayload>();

/**
 * Returns the payload that is still to be published for a persistable: its own, or that of another
 * object of the same recipe, if only the store has failed to take it.
 */
export function pendingOf(state: State): PendingPayload | undefined {
  const own = ownPending(state);
  if (own !== undefined) return own;
  const key = workKeyOf(state);
  const pending = shared.get(key)?.deref();
  if (pending === undefined) shared.delete(key);
  return pending;
}

/** Returns the payload that a persistable keeps until it is published. */
export function ownPending(state: State): PendingPayload | undefined {
  if (state.pending instanceof PendingPayload && !state.pending.isOver) return state.pending;
  // Another object of the same recipe has published or dropped it.
  state.pending = undefined;
  return undefined;
}

/**
 * Lets other objects of the same recipe publish the payload, too: the store has failed, and nothing
 * is wrong with the payload.
 */
export function sharePending(pending: PendingPayload): void {
  if (pending.isOver || pending.isReplacing) return;
  const key = workKeyOf(pending.state);
  shared.set(key, new WeakRef(pending));
  unshared.register(pending, key);
}

/** Remembers which payload an error is about. */
export function noteFailure(error: object, pending: PendingPayload): void {
  byError.set(error, pending);
}

/** Tells whether an error is known to be about a pending payload. */
export function isNoted(error: unknown): boolean {
  return typeof error === "object" && error !== null && byError.has(error);
}

/** Makes a persistable that has waited for the same work keep the payload of its error, too. */
export function adoptPending(state: State, error: unknown): void {
  const pending = typeof error === "object" && error !== null ? byError.get(error) : undefined;
  if (pending !== undefined && !pending.isOver) state.pending ??= pending;
}
