/**
 * Keeps what `check` has made of a payload for `encode`, which follows at once. It is forgotten by
 * the next turn of the event loop: the payload may have changed by then, and should not be in
 * memory twice.
 */
export class LastChecked<Payload, Made> {
  #last: { readonly payload: Payload; readonly made: Made } | undefined;

  keep(payload: Payload, made: Made): void {
    const last = { payload, made };
    this.#last = last;
    setImmediate(() => {
      if (this.#last === last) this.#last = undefined;
    });
  }

  of(payload: Payload): Made | undefined {
    return this.#last?.payload === payload ? this.#last.made : undefined;
  }
}
