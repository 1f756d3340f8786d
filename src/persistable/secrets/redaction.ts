import type { DescribedError } from "../../errors/described-error.ts";
import { visibleText } from "../../errors/visible-text.ts";
import type { Secret } from "../../params/secret.ts";
import { cleanValue } from "./clean-value.ts";
import { describeThrown, tryGet } from "./describe-thrown.ts";
import { createRedactor, type Redact } from "./redact-secrets.ts";
import { joinSecrets, NO_SECRETS } from "./secrets-in.ts";

/**
 * The one place where secrets are taken out of what leaves the library: events, lines of the log, notes, units of cost, summaries, and errors wherever they are
 * described or quoted.
 */
export class Redaction {
  readonly #secrets: readonly Secret<unknown>[];
  readonly text: Redact;

  constructor(secrets: readonly Secret<unknown>[]) {
    this.#secrets = secrets;
    this.text = createRedactor(secrets);
  }

  /** An error as data. */
  error(thrown: unknown): DescribedError {
    return describeThrown(thrown, this.#redactFor(thrown));
  }

  /** An error as the cause of one that is thrown: itself where it quotes no secret, or else a copy of the same class that quotes none. */
  cause(thrown: unknown): unknown {
    const redact = this.#redactFor(thrown);
    return cleanValue(thrown, redact);
  }

  /** A value of a log line: itself where there is no secret in it, or else a copy. */
  value<Value>(value: Value): Value {
    return cleanValue(value, this.text) as Value;
  }

  /** Amounts by unit: two units that differ only in a secret are one. */
  amounts(spent: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
    if (this.#secrets.length === 0 || typeof spent !== "object" || spent === null) return spent;
    const sums = new Map<string, number>();
    for (const [unit, amount] of Object.entries(spent)) {
      const key = this.text(unit);
      const sum = sums.get(key);
      sums.set(key, sum === undefined ? amount : sum + amount);
    }
    return Object.fromEntries(sums);
  }

  /** An event without secrets: what names things stays, everything else that is text is looked through, an error becomes data. */
  event<Event extends object>(untold: Event): Told<Event> {
    const told: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(untold)) {
      if (key === "error") told[key] = this.error(value);
      else if (key === "cost" || key === "expectedCost") told[key] = this.amounts(value as Record<string, number>);
      else if (NAMES.has(key) || typeof value === "number") told[key] = value;
      else told[key] = typeof value === "string" ? visibleText(this.text(value)) : this.value(value);
    }
    return told as Told<Event>;
  }

  /** An event that was told before, on another thread: its error is data already. */
  toldAgain<Event extends object>(event: Event): Event {
    const { error, ...rest } = event as Event & { readonly error?: unknown };
    return { ...this.event(rest), ...(error === undefined ? {} : { error: this.value(error) }) } as unknown as Event;
  }

  /** With the secrets that are known of this very error: it may come from a persistable that was asked for inside a generator. */
  #redactFor(thrown: unknown): Redact {
    const secrets = joinSecrets(this.#secrets, secretsOfError(thrown));
    noteSecrets(thrown, secrets);
    return createRedactor(secrets);
  }
}

/** An event with the error as it was thrown. */
export type Untold<Event> = Event extends { readonly error: DescribedError }
  ? Omit<Event, "error"> & { readonly error: unknown }
  : Event;

/** An event as it is told. */
export type Told<Event> = Event extends { readonly error: unknown }
  ? Omit<Event, "error"> & { readonly error: DescribedError }
  : Event;

/** Never free text: taken apart or compared by whoever reads an event. */
const NAMES = new Set([
  "type",
  "runId",
  "name",
  "address",
  "because",
  "kind",
  "state",
  "format",
  "recordFile",
  "payloadFile",
  "failureFile",
  "quarantine",
]);

const secretsOfErrors = new WeakMap<object, readonly Secret<unknown>[]>();
const MAX_ERRORS = 100;

/** Secrets of the persistables that an error has come through. */
export function secretsOfError(thrown: unknown): readonly Secret<unknown>[] {
  let secrets: readonly Secret<unknown>[] = NO_SECRETS;
  for (const error of errorsIn(thrown)) secrets = joinSecrets(secrets, secretsOfErrors.get(error) ?? NO_SECRETS);
  return secrets;
}

/** From now on they are known of this error, wherever it goes. */
export function noteSecrets(thrown: unknown, secrets: readonly Secret<unknown>[]): void {
  if (secrets.length > 0) for (const error of errorsIn(thrown)) secretsOfErrors.set(error, secrets);
}

/** What was thrown and everything that led to it. */
function errorsIn(thrown: unknown): Set<object> {
  const found = new Set<object>();
  const stack = [thrown];
  while (stack.length > 0 && found.size < MAX_ERRORS) {
    const error = stack.pop();
    if (typeof error !== "object" || error === null || found.has(error)) continue;
    found.add(error);
    const errors = tryGet(error, "errors");
    stack.push(tryGet(error, "cause"), ...(Array.isArray(errors) ? errors : []));
  }
  return found;
}

const redactions = new WeakMap<readonly Secret<unknown>[], Redaction>();

/** Of a persistable: its own secrets, those of everything upstream, and those that a call has brought. */
export function redactionOf({ secrets }: { readonly secrets: readonly Secret<unknown>[] }): Redaction {
  const known = redactions.get(secrets);
  if (known !== undefined) return known;
  const redaction = new Redaction(secrets);
  redactions.set(secrets, redaction);
  return redaction;
}
