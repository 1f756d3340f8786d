import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { PayloadCheck } from "../payload-check.ts";
import { describeInstance, KEPT_BY_STRUCTURED, remedyFor } from "../structured/structured-remedy.ts";
import { isTooLong } from "../text-limit.ts";
import { viewProblem } from "../view-problem.ts";

const BYTE_ORDER_MARK = "\ufeff";

/**
 * Throws at the first value that plain MessagePack, as msgpackr writes it, would change.
 *
 * @throws {@link UnsupportedPayloadError}
 */
export function checkMsgpack(payload: unknown): void {
  new MsgpackCheck("msgpack", []).check(payload);
}

/** The size at which another Set is begun: V8 lets about 2^24 values into one. */
const MOST_IN_A_SET = 2 ** 23;

class MsgpackCheck extends PayloadCheck {
  #seen = new Set<object>();
  readonly #seenBefore: ReadonlySet<object>[] = [];

  check(value: unknown): void {
    this.countNode("payload");
    if (value === null || typeof value === "boolean") return;
    if (typeof value === "string") this.#checkText(value);
    else if (typeof value === "number") {
      if (Object.is(value, -0)) this.refuseValue(value, "is -0");
    } else if (typeof value === "bigint") {
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value)
        this.refuseValue(value, "is a bigint of more than 64 bits");
    } else if (typeof value === "object") this.#checkObject(value);
    else this.refuseValue(value, value === undefined ? "is undefined" : `is a ${typeof value}`);
  }

  #checkText(text: string): void {
    if (!text.isWellFormed()) this.refuseValue(text, "is text with a lone surrogate");
    if (isTooLong(text)) this.refuse("is text of more than 512 MiB", "Give it in parts.");
    if (text.startsWith(BYTE_ORDER_MARK))
      this.refuse("is text that begins with a byte order mark", "Give it without: text.slice(1).");
  }

  #checkObject(object: object): void {
    if (this.above.includes(object)) this.refuseValue(object, "refers back to something that contains it");
    if (isProxy(object)) this.refuse("is a proxy", "Give the plain object behind it.");
    if (this.#seen.has(object) || this.#seenBefore.some((seen) => seen.has(object)))
      this.refuse("is an object that also stands elsewhere in the payload", `Give a copy. ${remedyFor(object)}`);
    this.#remember(object);
    const prototype: object | null = Object.getPrototypeOf(object);
    const isArray = prototype === Array.prototype && Array.isArray(object);
    if (isArray || prototype === Object.prototype) this.#checkContainer(object);
    else this.#checkInstance(object, prototype);
  }

  #checkContainer(object: object): void {
    if (this.above.length >= defaultDecodeLimits.maxDepth) this.refuseDepth();
    this.above.push(object);
    if (Array.isArray(object)) this.checkArray(object);
    else this.#checkProperties(object);
    this.above.pop();
  }

  #remember(object: object): void {
    if (this.#seen.size >= MOST_IN_A_SET) {
      this.#seenBefore.push(this.#seen);
      this.#seen = new Set();
    }
    this.#seen.add(object);
  }

  #checkInstance(object: object, prototype: object | null): void {
    if (prototype === Date.prototype && object instanceof Date) {
      if (Number.isNaN(timeOf(object))) this.refuseValue(object, "is an invalid Date");
      if (Reflect.ownKeys(object).length > 0) this.refuse("is a Date with properties", "Use an object beside it.");
    } else if (prototype === Uint8Array.prototype && ArrayBuffer.isView(object)) {
      const problem = viewProblem(object);
      if (problem !== undefined) this.refuse(...problem);
    } else if (prototype !== null && Buffer.isBuffer(object))
      this.refuse("is a Buffer", "Give new Uint8Array(buffer).");
    else this.refuseValue(object, describeInstance(prototype));
  }

  #checkProperties(object: object): void {
    for (const key of this.plainKeys(object)) {
      if (key === "__proto__" || !key.isWellFormed() || key.startsWith(BYTE_ORDER_MARK)) this.#refuseKey(key);
      this.checkProperty(object, key);
    }
  }

  #refuseKey(key: string): never {
    if (key === "__proto__") this.refuse("has the key __proto__", KEPT_BY_STRUCTURED);
    this.path.push(key);
    this.refuse(
      key.isWellFormed() ? "has a key that begins with a byte order mark" : "has a key with a lone surrogate",
      KEPT_BY_STRUCTURED,
    );
  }

  protected refuseValue(value: unknown, what: string): never {
    this.refuse(what, remedyFor(value));
  }
}

/** Returns NaN for an object that has the prototype of Date, but is not a Date. */
function timeOf(date: Date): number {
  try {
    return Date.prototype.getTime.call(date);
  } catch {
    return Number.NaN;
  }
}
