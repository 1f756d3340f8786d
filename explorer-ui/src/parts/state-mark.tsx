import type { ArtifactState, RunNode, RunRow } from "../../../src/explorer/api.ts";

type State = ArtifactState | RunRow["state"] | RunNode["outcome"];

/** A sign and a word for each state: color only repeats what they say. */
const STATES: Readonly<Record<State, { readonly sign: string; readonly word: string; readonly tone: string }>> = {
  present: { sign: "●", word: "there", tone: "good" },
  missing: { sign: "○", word: "missing", tone: "quiet" },
  failed: { sign: "✕", word: "failed", tone: "bad" },
  damaged: { sign: "!", word: "damaged", tone: "bad" },
  newer: { sign: "↥", word: "newer release", tone: "warn" },
  running: { sign: "◐", word: "running", tone: "busy" },
  killed: { sign: "✕", word: "killed", tone: "bad" },
  completed: { sign: "●", word: "completed", tone: "good" },
  cancelled: { sign: "–", word: "cancelled", tone: "quiet" },
  generated: { sign: "●", word: "generated", tone: "good" },
  hit: { sign: "◆", word: "was there", tone: "quiet" },
};

export function stateWord(state: State): string {
  return STATES[state].word;
}

export function stateSign(state: State): string {
  return STATES[state].sign;
}

export function stateTone(state: State): string {
  return STATES[state].tone;
}

export function StateMark({ state, count }: { readonly state: State; readonly count?: number }) {
  const { sign, word, tone } = STATES[state];
  return (
    <span className="state" data-tone={tone}>
      <span className="sign" aria-hidden="true">
        {sign}
      </span>{" "}
      {count === undefined ? word : `${count.toLocaleString("en")} ${word}`}
    </span>
  );
}
