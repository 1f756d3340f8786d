import type { StoreError, StoreFailure } from "../../../errors/store-errors.ts";
import { systemFailure } from "../../../util/system-failure.ts";
import { CallerFailure } from "../../caller-failure.ts";

/**
 * Converts a failure of the system to a store error; a caller's error, and any other, stays as it
 * is.
 */
export function toStoreError(error: unknown, where: Pick<StoreFailure, "operation" | "path">): unknown {
  return error instanceof CallerFailure ? error.cause : systemFailure(error, where);
}

/**
 * Rewrites the failure of a store whose root is on another machine: its paths become ones that a
 * person here can find, below the store's URL. The error is changed in place, since it was created
 * for this call and only its class knows all its text.
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

/** Matches the start of a path that is the root, or below it. */
function placesBelow(root: string): RegExp {
  return new RegExp(`(?<![\\w./:~-])${root.replaceAll(/[^\w/]/g, "\\$&")}(?![\\w.~-])`, "g");
}
