/**
 * What was made of a payload when it was checked, for `encode`, which follows at once. By the next turn of the event loop it is forgotten: the payload may have
 * changed, and should not be kept in memory twice.
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
