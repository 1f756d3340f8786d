/**
 * An operation of a simulated process on one artifact, from its beginning to its end, if it got
 * there.
 */
export interface Operation {
  readonly kind: "publish" | "remove";
  /** The number of the payload that `publish` writes. */
  readonly serial: number;
  readonly beganAt: number;
  /**
   * `Infinity` while it runs, and for ever if it was killed: then it is unknown whether it was
   * done.
   */
  endedAt: number;
  /** Whether a caller was told that it was done. */
  isAcknowledged: boolean;
}

/** A reader's view of an artifact. */
export type Sight =
  | { readonly state: "present"; readonly serial: number | undefined }
  | { readonly state: "missing" }
  | { readonly state: "damaged"; readonly isExpected: boolean; readonly problem: string };

/**
 * The operations on one artifact, ordered by a clock of their own; says whether a reader's view is
 * possible.
 */
export class History {
  readonly #operations: Operation[] = [];
  #now = 0;

  /** A copy to which the events of one of several possible worlds are added. */
  fork(): History {
    const fork = new History();
    fork.#operations.push(...this.#operations.map((operation) => ({ ...operation })));
    fork.#now = this.#now;
    return fork;
  }

  now(): number {
    return ++this.#now;
  }

  begin(kind: Operation["kind"], serial: number): Operation {
    const operation = { kind, serial, beganAt: this.now(), endedAt: Number.POSITIVE_INFINITY, isAcknowledged: false };
    this.#operations.push(operation);
    return operation;
  }

  end(operation: Operation, isAcknowledged: boolean): void {
    operation.endedAt = this.now();
    operation.isAcknowledged = isAcknowledged;
  }

  /** The fault of a view, if the reader began to look at `lookedAt` and has finished now. */
  objectTo(sight: Sight, lookedAt: number): string | undefined {
    if (sight.state === "damaged")
      return sight.isExpected ? undefined : `damaged by nobody, and yet it ${sight.problem}`;
    const standing = this.standing(lookedAt);
    if (sight.state === "missing")
      return standing === undefined ? undefined : `nothing there, although ${standing.serial} was acknowledged`;
    const { serial } = sight;
    const seen = this.#operations.find((operation) => operation.kind === "publish" && operation.serial === serial);
    if (seen === undefined) return `a payload that nobody published: ${serial}`;
    if (standing !== undefined && seen.endedAt < standing.beganAt)
      return `${serial}, although ${standing.serial} took its place`;
    return undefined;
  }

  /**
   * The last publication that was acknowledged before that time, if nothing can have removed it
   * since.
   */
  standing(at: number): Operation | undefined {
    const acknowledged = this.#operations.filter(
      ({ kind, isAcknowledged, endedAt }) => kind === "publish" && isAcknowledged && endedAt < at,
    );
    const last = acknowledged.reduce<Operation | undefined>(
      (latest, operation) => (latest === undefined || operation.beganAt > latest.beganAt ? operation : latest),
      undefined,
    );
    const removals = this.#operations.filter(({ kind }) => kind === "remove");
    return last !== undefined && removals.every(({ endedAt }) => endedAt < last.beganAt) ? last : undefined;
  }
}
