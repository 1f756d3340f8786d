import { isDeepStrictEqual } from "node:util";
import {
  definePersistable,
  npy,
  type Persistable,
  type PersistableEvent,
  type Store,
  typedParams,
} from "../../src/entry/index.ts";

/** `small` lies inside its record, `large` is a file of about 100 kB. */
export type Kind = "small" | "large";

const LARGE_LENGTH = 13_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A payload tells by itself which generation of which key it is, and whether it is whole. */
export function payloadOf(kind: Kind, key: string, serial: number): unknown {
  if (kind === "small") return { key, serial, filler: "x".repeat(serial % 100) };
  const first = serial * 1000 + hashOf(key);
  return Float64Array.from({ length: LARGE_LENGTH }, (_, i) => first + i * LARGE_LENGTH);
}

/** The generation of a payload; `undefined` if the payload is not a whole one of this key. */
export function serialOf(kind: Kind, key: string, payload: unknown): number | undefined {
  const serial =
    payload instanceof Float64Array
      ? ((payload[0] ?? 0) - hashOf(key)) / 1000
      : (payload as { serial: number } | undefined)?.serial;
  return serial !== undefined && isDeepStrictEqual(payload, payloadOf(kind, key, serial)) ? serial : undefined;
}

function hashOf(key: string): number {
  return [...key].reduce((hash, char) => (hash * 31 + char.charCodeAt(0)) % 997, 0);
}

interface Untracked {
  readonly serial?: number;
}

const definitions = {
  small: definePersistable({
    name: "small",
    params: typedParams<{ key: string }>(),
    generate: ({ params, untracked }): unknown => payloadOf("small", params.key, (untracked as Untracked).serial ?? 0),
  }),
  large: definePersistable({
    name: "large",
    params: typedParams<{ key: string }>(),
    format: npy(),
    generate: ({ params, untracked }): unknown => payloadOf("large", params.key, (untracked as Untracked).serial ?? 0),
  }),
};

/** Another object each time, so that nothing is held in memory. */
export function persistableOf(
  store: Store,
  kind: Kind,
  key: string,
  onEvent?: (event: PersistableEvent) => void,
): Persistable {
  return definitions[kind]({ key }, { dataDir: store, logger: silent, onEvent }) as Persistable;
}

/**
 * Calls `tell` when a lease was taken over by its age: the death of a process on this machine can
 * be proved.
 */
export function watchTakeovers(tell: (what: string) => void): (event: PersistableEvent) => void {
  return (event) => {
    if (event.type !== "takeover" || event.silentMs === undefined) return;
    tell(`the death of ${event.owner} went unnoticed for ${event.silentMs} ms`);
  };
}
