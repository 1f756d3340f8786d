import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { PayloadCheck } from "../payload-check.ts";
import { describeInstance, remedyFor } from "../structured/structured-remedy.ts";

/**
 * Throws at the first value that JSON would change. A value that several others refer to is checked
 * each time, since JSON writes it each time.
 *
 * @param path - the path of the value in the payload
 * @param format - the id of the format that checks its payload
 * @param remedy - advice for values that JSON cannot hold; by default it depends on the value
 * @throws {@link UnsupportedPayloadError}
 */
export function checkJson(
  value: unknown,
  path: readonly (string | number)[] = [],
  format = "json",
  remedy?: string,
): void {
  new JsonCheck(path, format, remedy).check(value);
}

class JsonCheck extends PayloadCheck {
  /** Replaces the advice that fits the value. */
  readonly #remedy: string | undefined;

  constructor(path: readonly (string | number)[], format: string, remedy: string | undefined) {
    super(format, path);
    this.#remedy = remedy;
  }

  check(value: unknown): void {
    this.countNode("text");
    if (value === null || typeof value === "boolean" || typeof value === "string") return;
    if (typeof value === "number") {
      if (!Number.isFinite(value) || Object.is(value, -0))
        this.refuseValue(value, `is ${Object.is(value, -0) ? "-0" : value}`);
    } else if (typeof value === "object") this.#checkContainer(value);
    else this.refuseValue(value, value === undefined ? "is undefined" : `is a ${typeof value}`);
  }

  #checkContainer(container: object): void {
    if (this.above.length >= defaultDecodeLimits.maxDepth) this.#refuseCircleOrDepth();
    if (isProxy(container)) this.refuse("is a proxy", "Give the plain object behind it.");
    this.above.push(container);
    const prototype: object | null = Object.getPrototypeOf(container);
    if (prototype === Object.prototype) for (const key of this.plainKeys(container)) this.checkProperty(container, key);
    else if (prototype === Array.prototype && Array.isArray(container)) this.checkArray(container);
    else this.refuseValue(container, describeInstance(prototype));
    this.above.pop();
  }

  /** Refuses a payload that is nested too deeply. A payload that contains itself gets here too. */
  #refuseCircleOrDepth(): never {
    const at = this.above.findIndex((container, i) => this.above.indexOf(container) !== i);
    if (at >= 0) {
      this.path.length = at;
      this.refuseValue(this.above[at], "refers back to something that contains it");
    }
    this.refuseDepth();
  }

  protected refuseValue(value: unknown, what: string): never {
    this.refuse(what, this.#remedy ?? remedyFor(value));
  }
}
