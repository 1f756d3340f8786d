import type { StoreError, StoreFailure } from "../../../errors/store-errors.ts";
import { systemFailure } from "../../../util/system-failure.ts";
import { CallerFailure } from "../../caller-failure.ts";

/** The store error for a failure of the system; the error of a caller, and any other, as it is. */
export function describeFailure(error: unknown, where: Pick<StoreFailure, "operation" | "path">): unknown {
  return error instanceof CallerFailure ? error.cause : systemFailure(error, where);
}

/**
 * The failure of a store whose root lies on another machine, naming places as a person here finds
 * them: below the store's url. The error is changed in place, since it was made for this call and
 * only its class knows all that it says.
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
