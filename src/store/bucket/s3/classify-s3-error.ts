import { isError } from "../../../errors/error-kind.ts";
import type { DriverVerdict } from "../bucket-driver.ts";
import { judgeNetwork } from "../classify-network-error.ts";
import { retryAfterOf } from "../retry-after.ts";

/** What S3 and services like it call their failures. */
const KINDS: Readonly<Record<string, DriverVerdict["kind"]>> = {
  RequestTimeout: "passing",
  InternalError: "passing",
  ServiceUnavailable: "passing",
  OperationAborted: "passing",
  IncompleteBody: "passing",
  NotImplemented: "unsupported",
  // What some services say of a condition that they do not know.
  InvalidArgument: "unsupported",
  InvalidRequest: "unsupported",
  MethodNotAllowed: "unsupported",
  QuotaExceeded: "full",
  EntityTooLarge: "full",
};

/** What services call it when they get more requests than they take. */
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

const PROBLEMS: Readonly<Record<string, (bucket: string) => Pick<DriverVerdict, "kind" | "problem">>> = {
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
  // The client has learned the service's time by the answer, and signs the next attempt by it.
  RequestTimeTooSkewed: () => ({
    kind: "passing",
    problem: "the clock of this machine is wrong: set it, the service refuses what is too old",
  }),
  AuthorizationHeaderMalformed: elsewhere,
  PermanentRedirect: elsewhere,
  TemporaryRedirect: elsewhere,
};

function refused(name: string): Pick<DriverVerdict, "kind" | "problem"> {
  return { kind: "access", problem: `the service does not accept the credentials (${name})` };
}

function elsewhere(bucket: string): Pick<DriverVerdict, "kind" | "problem"> {
  return {
    kind: "other",
    problem: `the bucket ${bucket} is in another region than the one that was asked (give it: region, or ?region=…)`,
  };
}

/** What an error of the S3 client means. */
export function judgeS3(error: unknown, bucket: string): DriverVerdict {
  const name = isError(error) ? error.name : "";
  const status = statusOf(error);
  const systemCode = name === "" || name === "Error" ? status?.toString() : name;
  if (isError(error) && error.message.includes("Region is missing"))
    return { kind: "other", systemCode: undefined, problem: "no region is set: give AWS_REGION, region, or ?region=…" };
  if (Object.hasOwn(PROBLEMS, name)) return { kind: "other", ...PROBLEMS[name]?.(bucket), systemCode };
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === "passing" || THROTTLING.has(name)) return passing(error, systemCode, THROTTLING.has(name));
  if (kind !== undefined) return { kind, systemCode };
  // Before the status: of an answer of which only a part came, the status says less than it seems
  // to.
  return judgeNetwork(error) ?? judgeStatus(status, bucket, error, systemCode) ?? { kind: "other", systemCode };
}

function passing(error: unknown, systemCode: string | undefined, isThrottled: boolean): DriverVerdict {
  const { $response } = Object(error) as { readonly $response?: { readonly headers?: Record<string, string> } };
  const asked = retryAfterOf((name) => $response?.headers?.[name]);
  const isAsked = statusOf(error) === 503 && asked.retryAfterMs !== undefined;
  return { kind: "passing", systemCode, ...asked, isThrottled: isThrottled || isAsked };
}

function judgeStatus(
  status: number | undefined,
  bucket: string,
  error: unknown,
  systemCode: string | undefined,
): DriverVerdict | undefined {
  switch (status) {
    case 301:
    case 307:
      return { ...elsewhere(bucket), systemCode };
    case 401:
      return { kind: "access", systemCode };
    case 403:
      // To be told that there is no such object takes the right to list the bucket.
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
    case 409: // What AWS says of two conditional writes at the same time: one of them is to come again.
      return passing(error, systemCode, false);
    default:
      return status !== undefined && status >= 500 ? passing(error, systemCode, false) : undefined;
  }
}

/** Answers to HEAD have no body that would name the failure. */
export function isMissing(error: unknown): boolean {
  if (judgeNetwork(error) !== undefined) return false;
  const name = isError(error) ? error.name : "";
  return (
    name === "NoSuchKey" ||
    name === "NotFound" ||
    (statusOf(error) === 404 && name !== "NoSuchBucket" && name !== "NoSuchUpload")
  );
}

export function statusOf(error: unknown): number | undefined {
  return (Object(error) as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
