export type { RunEvent } from "../events/run-event.ts";
export { type TraceOptions, traceRun } from "../tracing/trace-run.ts";
