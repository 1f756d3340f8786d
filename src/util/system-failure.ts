import {
  NotAFileError,
  ObjectExistsError,
  StoreAccessError,
  type StoreError,
  type StoreFailure,
  StoreFullError,
  StoreIoError,
  TooManyOpenFilesError,
} from "../errors/store-errors.ts";

/**
 * Returns the system's code of a failure, such as `ENOENT`, and `undefined` for any other error.
 * The error is recognized by its code and not by its class: in the VM context of a test runner, the
 * errors of Node's own modules are instances of another realm's `Error`.
 */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Converts a failure of the system to one of our errors; any other error stays as it is. */
export function systemFailure(error: unknown, where: Pick<StoreFailure, "operation" | "path">): unknown {
  const systemCode = systemCodeOf(error);
  return systemCode === undefined ? error : classify(systemCode, { ...where, systemCode, cause: error });
}

function classify(systemCode: string, failure: StoreFailure): StoreError {
  switch (systemCode) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StoreFullError(failure);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new StoreAccessError(failure);
    case "EMFILE":
    case "ENFILE":
      return new TooManyOpenFilesError(failure);
    case "EISDIR":
      return new NotAFileError(failure, "there is a folder in its place");
    case "ENOTDIR":
      return new NotAFileError(failure, "one of the folders above it is not a folder");
    case "ELOOP":
      return new NotAFileError(failure, "there is a symbolic link in its place");
    case "ESPIPE":
    case "ENXIO":
      return new NotAFileError(failure, "there is a device or a pipe in its place");
    case "EEXIST":
      return new ObjectExistsError(failure);
    case "EXDEV":
      return new StoreIoError(
        failure,
        "it lies on another disk than the store's own .persistable folder, and a store is one disk",
      );
    default:
      return new StoreIoError(failure);
  }
}
