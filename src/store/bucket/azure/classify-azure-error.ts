import type { ContainerClient } from "@azure/storage-blob";
import { fieldsOf } from "../../../util/fields-of.ts";
import type { ErrorClass } from "../bucket-driver.ts";
import { classifyNetworkError } from "../classify-network-error.ts";
import { retryAfterOf } from "../retry-after.ts";

/** The container is being removed, or the account is busy. */
const PASSING = new Set(["ContainerBeingDeleted", "OperationTimedOut", "InternalError", "ServerBusy"]);
const THROTTLING = new Set(["ServerBusy", "TooManyRequests", "AccountRateLimitExceeded", "IngressOverLimit"]);

/** Classifies an error of the Azure client. */
export function classifyAzureError(error: unknown, container: ContainerClient): ErrorClass {
  // This check comes before the status: if only a part of an answer came, its status says less than
  // it seems to.
  if (isBrokenOff(error)) return classifyNetworkError(error) ?? { kind: "passing", systemCode: undefined };
  const status = statusOf(error);
  const code = codeOf(error);
  const systemCode = code ?? status?.toString();
  const passing = { kind: "passing", systemCode, ...retryAfterOf((name) => headersOf(error)?.get(name)) } as const;
  if (code === "ContainerNotFound") {
    const problem = `there is no container ${container.containerName}: create it, or correct its name`;
    return { kind: "other", systemCode, problem };
  }
  if (status === 429 || THROTTLING.has(code ?? "")) return { ...passing, isThrottled: true };
  if (PASSING.has(code ?? "")) return passing;
  if (status === 401 || status === 403) return { kind: "access", systemCode, ...accessProblem(code, container.url) };
  if (status === 501) return { kind: "unsupported", systemCode };
  if (status === 507 || code === "InsufficientAccountPermissions") return { kind: "full", systemCode };
  if (status === 404) return { kind: "missing", systemCode };
  if (status === 408 || (status !== undefined && status >= 500))
    return { ...passing, isThrottled: status === 503 && passing.retryAfterMs !== undefined };
  return classifyNetworkError(error) ?? { kind: "other", systemCode };
}

/** Returns whether the service said, in a complete answer, that there is no such blob. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== "ContainerNotFound" && !isBrokenOff(error);
}

export function statusOf(error: unknown): number | undefined {
  const { statusCode } = fieldsOf(error);
  return typeof statusCode === "number" ? statusCode : undefined;
}

export function codeOf(error: unknown): string | undefined {
  const { code, details } = fieldsOf(error);
  return [fieldsOf(details).errorCode, code].find((found) => typeof found === "string");
}

/** Returns whether the client could not read or parse the whole answer. */
function isBrokenOff(error: unknown): boolean {
  const { code, name } = fieldsOf(error);
  return code === "PARSE_ERROR" || name === "AbortError";
}

function headersOf(error: unknown): { get(name: string): string | undefined } | undefined {
  const { response } = Object(error) as {
    readonly response?: { readonly headers?: { get(name: string): string | undefined } };
  };
  return response?.headers;
}

/**
 * Describes why access was refused. The service's answer does not say when the token expires and
 * what it allows, so both are read from the token itself.
 */
function accessProblem(code: string | undefined, url: string): { readonly problem?: string } {
  const token = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams();
  const [from, until] = [token.get("st"), token.get("se")];
  const now = Date.now();
  if (until !== null && Date.parse(until) < now)
    return { problem: `the SAS token expired at ${until}: make a new one, and give it (AZURE_STORAGE_SAS_TOKEN)` };
  if (from !== null && Date.parse(from) > now)
    return { problem: `the SAS token is valid only from ${from} on: wait, or look at the clock of this machine` };
  if (code === "AuthenticationFailed") return { problem: "the service does not accept the credentials" };
  const allowed = token.get("sp");
  if (allowed !== null) {
    const rights = `the SAS token gives the rights ${JSON.stringify(allowed)}, of ${NEEDED}`;
    return { problem: `the service refused it: ${rights}` };
  }
  if (code === "AuthorizationFailure")
    return { problem: "the service does not accept the credentials, or they do not give the right to do that" };
  return {};
}

const NEEDED = "which a store needs r (read), l (list), c (create), w (write) and d (delete)";
