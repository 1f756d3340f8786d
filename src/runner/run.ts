import type { RunResult } from "../errors/pipeline-errors.ts";
import { InvalidRunOptionsError, RunCancelledError, RunFailedError } from "../errors/pipeline-errors.ts";
import { withSourcePolicy } from "../persistable/context/work-source-policy.ts";
import { drawsOf } from "../persistable/draws-of.ts";
import { isPlan, type Plan, plan } from "../pipeline/plan/plan.ts";
import { planGraphKey, type Targets } from "../pipeline/plan/plan-graph.ts";
import { lazyPart } from "../util/peers/load-part.ts";
import { Execution } from "./execution.ts";
import { handleSignals } from "./handle-signals.ts";
import type { RemoteNodes } from "./remote-nodes.ts";
import { type RunOptions, type RunSettings, resolveRunOptions } from "./run-options.ts";

const remoteNodesPart = lazyPart(() => import("./remote-nodes.ts"));

/**
 * Generates all missing artifacts that the targets need: dependencies first, in parallel, each
 * once. Every finished artifact is persisted, so after a kill the next run continues there. Several
 * processes may run the same targets on one data directory.
 *
 * Payloads stay in the store: afterwards `await target.payload` loads one.
 *
 * @param targets - persistables, a sweep, or a plan
 * @throws {@link RunFailedError} if a node failed and {@link RunCancelledError} if the run was
 * aborted, both with the result; {@link InvalidRunOptionsError} and StoreErrors before anything
 * begins
 *
 * @example
 * ```ts
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const result = await run(study, {
 *   concurrency: 8,
 *   pools: { openai: 4 },
 *   retries: 2,
 *   onEvent: (event) => {
 *     if (event.type === "generated") console.log(event.name, event.durationMs);
 *   },
 * });
 * console.log(`${result.generated} generated, ${result.hits} there already`);
 * ```
 */
export async function run(targets: Targets | Plan, options: RunOptions = {}): Promise<RunResult> {
  const settings = resolveRunOptions(options);
  const interrupt = new AbortController();
  const signals = settings.handleSignals === false ? undefined : handleSignals(() => interrupt.abort());
  const signal =
    settings.signal === undefined ? interrupt.signal : AbortSignal.any([settings.signal, interrupt.signal]);
  try {
    const planned = isPlan(targets)
      ? checkPlanned(targets, options)
      : await plan(expandDraws(targets, options), {
          signal,
          force: options.force,
          onSourceChange: options.onSourceChange,
        });
    const remote = await openRemote(planned, settings, signal);
    const execution = new Execution(planned, settings, signal, remote);
    const { onSourceChange } = planned[planGraphKey];
    const result = await withSourcePolicy(onSourceChange, () => execution.execute()).finally(() => remote?.close());
    if (result.state === "cancelled") throw new RunCancelledError(result, { cause: signal.reason });
    if (result.state === "failed") throw new RunFailedError(result, { cause: execution.failureCause });
    return result;
  } finally {
    signals?.close();
    // The run has cleaned up. Shells and supervisors now expect the exit code of this signal.
    if (signals?.received !== undefined && signals.endsProcess) process.exit(signals.exitCode);
  }
}

async function openRemote(planned: Plan, settings: RunSettings, signal: AbortSignal): Promise<RemoteNodes | undefined> {
  if (settings.on === undefined) return undefined;
  const { openRemoteNodes } = await remoteNodesPart();
  return openRemoteNodes(planned[planGraphKey], settings, settings.on, signal);
}

function expandDraws(targets: Targets, { draws = 1 }: RunOptions): Targets {
  return draws === 1 ? targets : drawsOf(targets, draws);
}

function checkPlanned(planned: Plan, { draws, force, onSourceChange }: RunOptions): Plan {
  const given = [draws && "the draws", force && "force", onSourceChange && "onSourceChange"].find(Boolean);
  if (given === undefined) return planned;
  throw new InvalidRunOptionsError(`The plan is made already: give ${given} when you plan, or the targets to run.`);
}
