import { fieldsOf } from "../../../util/fields-of.ts";
import type { ErrorClass } from "../bucket-driver.ts";
import { classifyNetworkError } from "../classify-network-error.ts";
import { GcsRefusal, GcsUnauthorized } from "./gcs-service.ts";

/** The reasons of a throttled request. Google may send them with 403 or 503 instead of 429. */
const THROTTLING = new Set(["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"]);

/** Classifies a failed request to Cloud Storage. */
export function classifyGcsError(error: unknown, bucket: string): ErrorClass {
  if (error instanceof GcsUnauthorized) return classifyUnauthorized(error);
  if (!(error instanceof GcsRefusal)) return classifyNetworkError(error) ?? { kind: "other", systemCode: undefined };
  const { status, reason = "", retryAfterMs } = error;
  const systemCode = status.toString();
  const passing = { kind: "passing", systemCode, retryAfterMs } as const;
  if (isBucketMissing(error))
    return { kind: "other", systemCode, problem: `there is no bucket ${bucket}: create it, or correct its name` };
  if (status === 429 || THROTTLING.has(reason)) return { ...passing, isThrottled: true };
  if (status === 401) return { kind: "access", systemCode, problem: "the service does not accept the credentials" };
  if (status === 403) return { kind: "access", systemCode };
  if (status === 501) return { kind: "unsupported", systemCode };
  if (status === 404) return { kind: "missing", systemCode };
  // The session of the upload has ended, or the service has forgotten it.
  if (status === 410) return { kind: "missing", systemCode };
  if (status === 408 || status >= 500) return { ...passing, isThrottled: status === 503 && retryAfterMs !== undefined };
  return { kind: "other", systemCode };
}

export function isBucketMissing(error: unknown): boolean {
  return (
    error instanceof GcsRefusal && error.status === 404 && error.message.includes("specified bucket does not exist")
  );
}

/** Classifies a missing token: it comes from a service as well, which may be away for a moment. */
function classifyUnauthorized(error: GcsUnauthorized): ErrorClass {
  const { cause } = error;
  const status = Number(fieldsOf(cause).status);
  const isTroubled = status === 408 || status === 429 || (status >= 500 && status < 600);
  const network = isTroubled ? ({ kind: "passing", systemCode: String(status) } as const) : classifyNetworkError(cause);
  if (network !== undefined) return network;
  if (error.message.includes("Could not load the default credentials"))
    return {
      kind: "access",
      systemCode: undefined,
      problem:
        "there are no credentials for Google Cloud: the client looks for GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login, a service account, and so on",
    };
  return {
    kind: "access",
    systemCode: undefined,
    problem:
      "the credentials for Google Cloud give no access: look at the file that GOOGLE_APPLICATION_CREDENTIALS names, or sign in again (gcloud auth application-default login)",
  };
}
