/** Something about the bytes of a record cannot be believed. Inside of this folder only: whoever parses a record is given the problem as a value. */
export class RecordProblemError extends Error {}
