import { isError } from "../../../errors/error-kind.ts";
import { fieldsOf } from "../../../util/fields-of.ts";
import type { ErrorClass } from "../bucket-driver.ts";
import { classifyNetworkError } from "../classify-network-error.ts";
import { retryAfterOf } from "../retry-after.ts";

/** The names that S3 and similar services give their failures. */
const KINDS: Readonly<Record<string, ErrorClass["kind"]>> = {
  RequestTimeout: "passing",
  InternalError: "passing",
  ServiceUnavailable: "passing",
  OperationAborted: "passing",
  IncompleteBody: "passing",
  NotImplemented: "unsupported",
  // Some services answer this to a condition that they do not support.
  InvalidArgument: "unsupported",
  InvalidRequest: "unsupported",
  MethodNotAllowed: "unsupported",
  QuotaExceeded: "full",
  EntityTooLarge: "full",
};

/** The names for "too many requests". */
const THROTTLING = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "TooManyRequests",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "BandwidthLimitExceeded",
]);

const PROBLEMS: Readonly<Record<string, (bucket: string) => Pick<ErrorClass, "kind" | "problem">>> = {
  NoSuchBucket: (bucket) => ({
    kind: "other",
    problem: `there is no bucket ${bucket}: create it, or correct its name`,
  }),
  CredentialsProviderError: () => ({
    kind: "access",
    problem: "there are no credentials for S3: the client looks for AWS_ACCESS_KEY_ID, AWS_PROFILE, a role, and so on",
  }),
  InvalidAccessKeyId: () => refused("InvalidAccessKeyId"),
  SignatureDoesNotMatch: () => refused("SignatureDoesNotMatch"),
  ExpiredToken: () => refused("ExpiredToken"),
  // The client has learned the service's time from the answer, and signs the next attempt with it.
  RequestTimeTooSkewed: () => ({
    kind: "passing",
    problem: "the clock of this machine is wrong: set it, the service refuses what is too old",
  }),
  AuthorizationHeaderMalformed: elsewhere,
  PermanentRedirect: elsewhere,
  TemporaryRedirect: elsewhere,
};

function refused(name: string): Pick<ErrorClass, "kind" | "problem"> {
  return { kind: "access", problem: `the service does not accept the credentials (${name})` };
}

function elsewhere(bucket: string): Pick<ErrorClass, "kind" | "problem"> {
  return {
    kind: "other",
    problem: `the bucket ${bucket} is in another region than the one that was asked (give it: region, or ?region=…)`,
  };
}

/** Classifies an error of the S3 client. */
export function classifyS3Error(error: unknown, bucket: string): ErrorClass {
  const name = isError(error) ? error.name : "";
  const status = statusOf(error);
  const systemCode = name === "" || name === "Error" ? status?.toString() : name;
  if (isError(error) && error.message.includes("Region is missing"))
    return { kind: "other", systemCode: undefined, problem: "no region is set: give AWS_REGION, region, or ?region=…" };
  if (Object.hasOwn(PROBLEMS, name)) return { kind: "other", ...PROBLEMS[name]?.(bucket), systemCode };
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === "passing" || THROTTLING.has(name)) return passing(error, systemCode, THROTTLING.has(name));
  if (kind !== undefined) return { kind, systemCode };
  // This check comes before the status: if only a part of an answer came, its status says less than
  // it seems to.
  return (
    classifyNetworkError(error) ?? classifyStatus(status, bucket, error, systemCode) ?? { kind: "other", systemCode }
  );
}

function passing(error: unknown, systemCode: string | undefined, isThrottled: boolean): ErrorClass {
  const headers = fieldsOf(fieldsOf(fieldsOf(error).$response).headers);
  const asked = retryAfterOf((name) => {
    const value = headers[name];
    return typeof value === "string" ? value : undefined;
  });
  const isAsked = statusOf(error) === 503 && asked.retryAfterMs !== undefined;
  return { kind: "passing", systemCode, ...asked, isThrottled: isThrottled || isAsked };
}

function classifyStatus(
  status: number | undefined,
  bucket: string,
  error: unknown,
  systemCode: string | undefined,
): ErrorClass | undefined {
  switch (status) {
    case 301:
    case 307:
      return { ...elsewhere(bucket), systemCode };
    case 401:
      return { kind: "access", systemCode };
    case 403:
      // A service says that an object does not exist only to users with the right to list the
      // bucket.
      return {
        kind: "access",
        systemCode,
        problem:
          "the service refused it, as S3 also does for objects that are missing where the user may not list the bucket (s3:ListBucket)",
      };
    case 404:
      return { kind: "missing", systemCode };
    case 501:
      return { kind: "unsupported", systemCode };
    case 507:
      return { kind: "full", systemCode };
    case 429:
      return passing(error, systemCode, true);
    case 408:
    case 409: // AWS answers this to one of two simultaneous conditional writes: it should retry.
      return passing(error, systemCode, false);
    default:
      return status !== undefined && status >= 500 ? passing(error, systemCode, false) : undefined;
  }
}

/**
 * Returns whether the object is missing. Answers to HEAD have no body that would name the failure.
 */
export function isMissing(error: unknown): boolean {
  if (classifyNetworkError(error) !== undefined) return false;
  const name = isError(error) ? error.name : "";
  return (
    name === "NoSuchKey" ||
    name === "NotFound" ||
    (statusOf(error) === 404 && name !== "NoSuchBucket" && name !== "NoSuchUpload")
  );
}

export function statusOf(error: unknown): number | undefined {
  const { httpStatusCode } = fieldsOf(fieldsOf(error).$metadata);
  return typeof httpStatusCode === "number" ? httpStatusCode : undefined;
}
