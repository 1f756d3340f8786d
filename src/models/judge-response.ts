import { fieldsOf } from "../util/fields-of.ts";
import { tryParseJson } from "../util/json/checks.ts";

/** The verdict on a response of a model: why it is not kept, and the cost. */
export interface JudgedResponse {
  readonly why: string | undefined;
  readonly amounts: Readonly<Record<string, number>>;
}

/** The types of events with which a complete stream ends. */
const LAST_EVENTS: ReadonlySet<unknown> = new Set(["message_stop", "response.completed", "response.incomplete"]);
const FILTERED: ReadonlySet<unknown> = new Set(["content_filter", "refusal"]);
const CUT: ReadonlySet<unknown> = new Set(["length", "max_tokens", "max_output_tokens"]);
/** A request with one of these asked for an answer that may end early. */
const LIMITS = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/**
 * Judges the responses of OpenAI, of Anthropic, and of the many servers with the same wire formats.
 */
export function judgeResponse(isOk: boolean, text: string, request: unknown): JudgedResponse {
  const isStream = fieldsOf(request).stream === true;
  const events = isStream ? eventsOf(text) : [tryParseJson(text)];
  const isWhole =
    !isStream || text.includes("data: [DONE]") || events.some((event) => LAST_EVENTS.has(fieldsOf(event).type));
  return { why: problemOf(isOk, isWhole, events, request), amounts: amountsOf(events) };
}

function problemOf(isOk: boolean, isWhole: boolean, events: readonly unknown[], request: unknown): string | undefined {
  if (!isOk) return "the request failed";
  if (events.some((event) => fieldsOf(event).type === "error" || hasValue(fieldsOf(event).error)))
    return "there was an error in the response";
  if (!isWhole) return "the stream was cut";
  const reasons = events.flatMap(endsOf);
  const filtered = reasons.find((reason) => FILTERED.has(reason));
  if (filtered !== undefined) return `the answer ended with ${String(filtered)}`;
  const isLimited = LIMITS.some((limit) => hasValue(fieldsOf(request)[limit]));
  const cut = reasons.find((reason) => CUT.has(reason));
  return cut === undefined || isLimited ? undefined : `the answer ended with ${String(cut)}`;
}

/** Returns the reasons why an answer ended, from all places where a wire format has them. */
function endsOf(event: unknown): readonly unknown[] {
  const { choices, delta, stop_reason, incomplete_details, response } = fieldsOf(event);
  const ofChoices = Array.isArray(choices) ? choices.map((choice) => fieldsOf(choice).finish_reason) : [];
  const inner = response === undefined ? [] : [fieldsOf(fieldsOf(response).incomplete_details).reason];
  return [...ofChoices, fieldsOf(delta).stop_reason, stop_reason, fieldsOf(incomplete_details).reason, ...inner];
}

/** Returns the greatest count of each kind, since a stream repeats its growing sums. */
function amountsOf(events: readonly unknown[]): Readonly<Record<string, number>> {
  const amounts: Record<string, number> = {};
  const note = (unit: string, count: unknown): void => {
    if (typeof count === "number" && Number.isFinite(count) && count >= (amounts[unit] ?? 0)) amounts[unit] = count;
  };
  for (const event of events) {
    const { usage, message, response } = fieldsOf(event);
    for (const given of [usage, fieldsOf(message).usage, fieldsOf(response).usage]) {
      const { prompt_tokens, completion_tokens, input_tokens, output_tokens } = fieldsOf(given);
      note("inputTokens", prompt_tokens ?? input_tokens);
      note("outputTokens", completion_tokens ?? output_tokens);
    }
  }
  return amounts;
}

function eventsOf(text: string): unknown[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:") && !line.includes("[DONE]"))
    .map((line) => tryParseJson(line.slice(5)));
}

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null;
}
