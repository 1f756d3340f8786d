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
import { CallerFailure } from "./caller-failure.ts";

/** What the system called a failure, `ENOENT`; `undefined` for any other error. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** The store error for a failure of the system; the error of a caller, and any other, as it is. */
export function describeFailure(error: unknown, where: Pick<StoreFailure, "operation" | "path">): unknown {
  if (error instanceof CallerFailure) return error.cause;
  const systemCode = systemCodeOf(error);
  return systemCode === undefined ? error : classify(systemCode, { ...where, systemCode, cause: error });
}

/**
 * The failure of a store whose root lies on another machine, naming places as a person here finds them: below the store's url. The
 * error is changed in place, since it was made for this call and only its class knows all that it says.
 */
export function showElsewhere(error: StoreError, root: string, url: string): StoreError {
  if (error.path !== root && !error.path.startsWith(`${root}/`)) return error;
  const message = error.message.replace(placesBelow(root), url);
  const stack = error.stack?.replace(error.message, () => message);
  const hidden = { configurable: true, writable: true };
  return Object.defineProperties(error, {
    path: { value: `${url}${error.path.slice(root.length)}`, enumerable: true, ...hidden },
    message: { value: message, ...hidden },
    stack: { value: stack, ...hidden },
  });
}

/** Where a path begins that is the root, or lies below it. */
function placesBelow(root: string): RegExp {
  return new RegExp(`(?<![\\w./:~-])${root.replaceAll(/[^\w/]/g, "\\$&")}(?![\\w.~-])`, "g");
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
