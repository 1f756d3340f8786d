/** The codes of refusals; `docs/explorer.md` explains each. */
export type RefusalCode =
  | "EXPLORER_FOREIGN_HOST"
  | "EXPLORER_FOREIGN_ORIGIN"
  | "EXPLORER_NO_TOKEN"
  | "EXPLORER_WRONG_TOKEN"
  | "EXPLORER_READ_ONLY"
  | "EXPLORER_BAD_REQUEST"
  | "EXPLORER_TOO_LONG"
  | "EXPLORER_BUSY"
  | "EXPLORER_NOT_FOUND"
  | "EXPLORER_NOT_BUILT"
  | "EXPLORER_NOT_POSSIBLE"
  | "EXPLORER_NOT_EXPORTED"
  | "EXPLORER_FAILED"
  | "PERSISTABLE_INVALID_QUERY";

const STATUS: Readonly<Record<RefusalCode, number>> = {
  EXPLORER_FOREIGN_HOST: 403,
  EXPLORER_FOREIGN_ORIGIN: 403,
  EXPLORER_NO_TOKEN: 401,
  EXPLORER_WRONG_TOKEN: 403,
  EXPLORER_READ_ONLY: 405,
  EXPLORER_BAD_REQUEST: 400,
  EXPLORER_TOO_LONG: 414,
  EXPLORER_BUSY: 503,
  EXPLORER_NOT_FOUND: 404,
  EXPLORER_NOT_BUILT: 503,
  EXPLORER_NOT_POSSIBLE: 422,
  EXPLORER_NOT_EXPORTED: 404,
  EXPLORER_FAILED: 500,
  PERSISTABLE_INVALID_QUERY: 400,
};

/** Thrown where a request gets no answer. The page shows the message and the hint. */
export class RequestRefusal extends Error {
  readonly code: RefusalCode;
  readonly hint: string;
  /** For a query: the character at which it is wrong. */
  readonly position: number | undefined;

  constructor(code: RefusalCode, message: string, hint: string, position?: number) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.position = position;
  }

  get status(): number {
    return STATUS[this.code];
  }
}
