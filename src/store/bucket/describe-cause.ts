import { messageOf } from "../../errors/error-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { redactCredentials } from "../location/redact-credentials.ts";

const MAX_DEPTH = 5;
const MAX_MESSAGE_CHARS = 2000;

/** The fields that are kept of a client's error, besides its message and stack. */
interface Described {
  code?: string | number;
  status?: number;
  requestId?: string;
}

/**
 * Returns a plain error with what a client's error said: name, code, status, message, stack and
 * causes, without credentials. Errors of clients hold the request and the answer with all their
 * headers, and a program that inspects or logs the cause of a store's error would show them.
 */
export function describeCause(error: unknown, depth = 0): Error {
  const { name, message, stack, cause, errors } = fieldsOf(error);
  if (typeof message !== "string") return new Error(redacted(isPlain(error) ? String(error) : "it failed"));
  const several = Array.isArray(errors) && message === "" ? errors.map(messageOf).join("; ") : message;
  const hasCause = cause !== undefined && cause !== error && depth < MAX_DEPTH;
  const described = new Error(redacted(several), hasCause ? { cause: describeCause(cause, depth + 1) } : undefined);
  hide(described, "name", typeof name === "string" ? redacted(name) : "Error");
  if (typeof stack === "string") hide(described, "stack", redactCredentials(stack));
  return Object.assign(described, detailsOf(error));
}

function detailsOf(error: unknown): Described {
  const { code, status, statusCode, requestId, $metadata } = fieldsOf(error);
  const metadata = fieldsOf($metadata);
  const found: Described = {};
  if (typeof code === "string") found.code = redacted(code);
  if (typeof code === "number") found.code = code;
  const foundStatus = [statusCode, status, metadata.httpStatusCode].find((value) => typeof value === "number");
  if (typeof foundStatus === "number") found.status = foundStatus;
  const id = requestId ?? metadata.requestId;
  if (typeof id === "string") found.requestId = redacted(id);
  return found;
}

function hide(error: Error, key: "name" | "stack", value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function redacted(text: string): string {
  const clean = redactCredentials(text);
  return clean.length > MAX_MESSAGE_CHARS ? `${clean.slice(0, MAX_MESSAGE_CHARS)}…` : clean;
}

function isPlain(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}
