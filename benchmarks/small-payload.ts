/**
 * The payload of a small step: an object of a few fields, of about `sizeBytes` of JSON text;
 * different for each index, always of one shape.
 */
export interface SmallPayload {
  readonly id: number;
  readonly label: string;
  readonly accepted: boolean;
  readonly text: string;
  readonly scores: readonly { readonly name: string; readonly mean: number; readonly deviation: number }[];
}

export const PAYLOAD_SIZES = [400, 2000, 4000] as const;

const WORDS = ["lorem", "ipsum", "dolor", "amet", "elit", "magna", "aliqua", "veniam", "quis", "nisi"];

export function smallPayload(index: number, sizeBytes: number): SmallPayload {
  const scores: SmallPayload["scores"][number][] = [];
  const payload = { id: index, label: `item ${index}`, accepted: index % 3 === 0, text: "", scores };
  // Half numbers, half text.
  while (JSON.stringify(payload).length < sizeBytes / 2) {
    const i = scores.length;
    scores.push({ name: `metric_${i}`, mean: fraction(index, i), deviation: fraction(i + 1, index) });
  }
  let text = "";
  const missing = sizeBytes - JSON.stringify(payload).length;
  for (let i = index; text.length < missing; i++) text += `${WORDS[i % WORDS.length]} `;
  return { ...payload, text: text.slice(0, missing) };
}

function fraction(a: number, b: number): number {
  return ((a * 7919 + b * 104_729 + 1) % 100_003) / 100_003;
}

/** A number that depends on the payload, so that a wrong or missing one is noticed. */
export function weigh(payload: unknown): number {
  const { id, text, scores } = payload as SmallPayload;
  return id + text.length + scores.length;
}
