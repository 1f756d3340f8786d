import { type Attributes, context, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { DescribedError } from "../errors/described-error.ts";
import type { FinishedEvent, NodeEventBase, PlannedEvent, RunEvent } from "../events/run-event.ts";

/** How a run is traced. */
export interface TraceOptions {
  /** Default: the tracer `persistable-ts` of the globally registered provider. */
  readonly tracer?: Tracer | undefined;
}

/**
 * Returns a listener that turns the events of a run into spans: one for the run, below the span
 * that is active when it begins, and one for each generator, with its retries, its waiting and its
 * exception. Needs `@opentelemetry/api`, which this entry point imports.
 *
 * @example
 * ```ts
 * import { traceRun } from "persistable-ts/opentelemetry";
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * await run(study, { onEvent: traceRun() });
 * ```
 */
export function traceRun(options: TraceOptions = {}): (event: RunEvent) => void {
  const tracer = options.tracer ?? trace.getTracer("persistable-ts");
  const runs = new Map<string, RunSpans>();
  return (event) => {
    if (event.type === "planned") runs.set(event.runId, new RunSpans(tracer, event));
    else runs.get(event.runId)?.handle(event);
    if (event.type === "finished") runs.delete(event.runId);
  };
}

class RunSpans {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #nodes = new Map<number, Span>();

  constructor(tracer: Tracer, event: PlannedEvent) {
    this.#tracer = tracer;
    this.#span = tracer.startSpan("persistable.run", {
      startTime: event.atMs,
      attributes: {
        "persistable.run_id": event.runId,
        "persistable.nodes": event.nodes,
        "persistable.misses": event.misses,
        "persistable.concurrency": event.concurrency,
      },
    });
  }

  handle(event: Exclude<RunEvent, PlannedEvent>): void {
    switch (event.type) {
      case "started":
        this.#nodeSpan(event).setAttributes({
          "persistable.params": event.params,
          "persistable.attempt": event.attempt,
        });
        break;
      case "waiting":
        this.#nodeSpan(event).addEvent("waiting", { "persistable.owner": event.owner }, event.atMs);
        break;
      case "retried":
        this.#nodeSpan(event).addEvent(
          "retried",
          { "persistable.attempt": event.attempt, "persistable.delay_ms": event.delayMs, ...errorOf(event.error) },
          event.atMs,
        );
        break;
      case "generated":
        this.#end(event, {
          "persistable.outcome": "generated",
          "persistable.attempt": event.attempt,
          "persistable.duration_ms": event.durationMs,
          ...(event.sizeBytes === undefined ? {} : { "persistable.size_bytes": event.sizeBytes }),
          ...costOf(event.cost ?? {}),
        });
        break;
      case "failed":
        this.#fail(event, event.error, event.attempt);
        break;
      case "hit":
      case "cancelled":
        // Only nodes that began or waited have a span: most hits existed before the run.
        if (this.#nodes.has(event.index)) this.#end(event, { "persistable.outcome": event.type });
        break;
      case "finished":
        this.#finish(event);
        break;
      case "log":
      case "progress":
    }
  }

  #nodeSpan({ index, name, address, atMs }: NodeEventBase): Span {
    const known = this.#nodes.get(index);
    if (known !== undefined) return known;
    const attributes = { "persistable.name": name, "persistable.address": address };
    const span = this.#tracer.startSpan(
      `persistable.generate ${name}`,
      { startTime: atMs, attributes },
      trace.setSpan(context.active(), this.#span),
    );
    this.#nodes.set(index, span);
    return span;
  }

  #end(event: NodeEventBase, attributes: Attributes): void {
    this.#nodeSpan(event).setAttributes(attributes).end(event.atMs);
    this.#nodes.delete(event.index);
  }

  #fail(event: NodeEventBase, { name, message, code, stack }: DescribedError, attempt: number): void {
    const span = this.#nodeSpan(event);
    const rest = { ...(code === undefined ? {} : { code }), ...(stack === undefined ? {} : { stack }) };
    span.recordException({ name, message, ...rest }, event.atMs);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    this.#end(event, { "persistable.outcome": "failed", "persistable.attempt": attempt });
  }

  #finish(event: FinishedEvent): void {
    for (const span of this.#nodes.values()) span.end(event.atMs);
    this.#nodes.clear();
    this.#span.setAttributes({
      "persistable.state": event.state,
      "persistable.hits": event.hits,
      "persistable.generated": event.generated,
      "persistable.failed": event.failed,
      "persistable.cancelled": event.cancelled,
      "persistable.saved_ms": event.savedMs,
      ...costOf(event.cost),
    });
    if (event.state !== "completed") this.#span.setStatus({ code: SpanStatusCode.ERROR, message: event.state });
    this.#span.end(event.atMs);
  }
}

function costOf(cost: Readonly<Record<string, number>>): Attributes {
  return Object.fromEntries(Object.entries(cost).map(([unit, spent]) => [`persistable.cost.${unit}`, spent]));
}

function errorOf({ name, message }: DescribedError): Attributes {
  return { "exception.type": name, "exception.message": message };
}
