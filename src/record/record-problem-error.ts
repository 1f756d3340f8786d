/**
 * The bytes of a record cannot be believed. It does not leave this folder: the caller of
 * `parseRecord` gets the problem as a value.
 */
export class RecordProblemError extends Error {}
