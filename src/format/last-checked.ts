/**
 * Keeps what `check` has made of a payload for `encode`, which the caller calls at once. At the
 * next turn of the event loop it is dropped: the payload may have changed by then, and should not
 * be in memory twice.
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
