import { describeMaking, paramFacts } from "../artifact/explain/describe-record.ts";
import { describeMiss } from "../artifact/explain/miss.ts";
import { messageOf } from "../errors/error-kind.ts";
import { visibleLine } from "../errors/visible-text.ts";
import { describeAddress } from "../util/describe-address.ts";
import { htmlFacts, htmlTitle, type NotebookDisplay } from "../util/notebook/notebook-display.ts";
import { describeParams } from "./declare/describe-params.ts";
import { paramsTreeOf } from "./declare/params-of.ts";
import type { State } from "./declare/state.ts";
import { explain } from "./load/explain.ts";

/** Shows a persistable in a notebook: its params, and whether its artifact exists. */
export async function displayPersistable(state: State): Promise<NotebookDisplay> {
  const { name, address, recipeParams } = state.recipe;
  const status = await describeStatus(state);
  const title = visibleLine(name);
  const short = describeAddress(address);
  return {
    "text/plain": `${title} ${describeParams(recipeParams)} (${short}): ${status}`,
    "text/html": htmlTitle(title, `${short}: ${status}`) + htmlFacts(paramFacts(paramsTreeOf(state))),
  };
}

/** A store that does not answer must not hide the params. */
async function describeStatus(state: State): Promise<string> {
  try {
    const explanation = await explain(state, undefined);
    if (explanation.state === "hit") return describeMaking(explanation.record);
    const { reason, inFlight } = explanation;
    return inFlight === undefined
      ? `missing: ${describeMiss(reason)}`
      : `process ${inFlight.pid} on ${inFlight.host} generates it`;
  } catch (error) {
    return visibleLine(messageOf(error));
  }
}
