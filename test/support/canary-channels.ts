import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { type AnyPersistable, type Logger, type PersistableOptions, secret } from "../../src/entry/index.ts";
import {
  collect,
  diff,
  listRuns,
  openJsonLines,
  plan,
  type RunListener,
  readFailure,
  run,
} from "../../src/entry/pipeline.ts";
import * as defined from "./canary-definitions.ts";
import { CANARY, leaksIn, WAYS } from "./canary-ways.ts";

/** The channels in which a secret came out, and those in which it was masked. */
export interface CanaryReport {
  /** For each leak: whose secret it was, in which channel, and the text before it. */
  readonly leaks: string[];
  /** Channels in which something was masked: this shows that there was something to mask. */
  readonly masked: string[];
}

type Maker = (way: string, options: PersistableOptions) => AnyPersistable;

const key = (): ReturnType<typeof secret<string>> => secret(CANARY);
export const HERE: Readonly<Record<string, Maker>> = {
  own: (way, options) => defined.own({ way, apiKey: key() }, options),
  "a dependency's": (way, options) => defined.upstream({ way, holder: { apiKey: key() } }, options),
  "of the call": (way, options) => defined.ofCall({ way }, options),
  "of what it asks for": (way, options) => defined.inside({ way }, options),
  "of a map that it asks for": (way, options) => defined.insideMap({ way }, options),
};
export const ON_THREADS: Readonly<Record<string, Maker>> = {
  own: (way, options) => defined.ownOnThread({ way, apiKey: key() }, options),
  "a dependency's": (way, options) => defined.upstreamOnThread({ way, holder: { apiKey: key() } }, options),
  "of the call": (way, options) => defined.ofCallOnThread({ way }, options),
  "of what it asks for": (way, options) => defined.insideOnThread({ way }, options),
};

/** Values that are not objects cannot be marked with the persistable that they came through. */
const UNMARKED = new Set(["text", "a symbol"]);
const CALL = { untracked: { auth: { key: key() } } };

/**
 * Give the canary away in every way, and look for it in everything that the library has written,
 * told and thrown.
 *
 * @param moreListeners - readers of a run's events, with what they have written
 */
export async function sendCanaries(
  makers: Readonly<Record<string, Maker>>,
  dataDir: string,
  moreListeners: () => Promise<{ readonly listeners: readonly RunListener[]; written(): string }>,
): Promise<CanaryReport> {
  const leaks: string[] = [];
  const masked = new Set<string>();
  for (const [holder, make] of Object.entries(makers)) {
    const folder = path.join(dataDir, holder.replaceAll(/\W+/g, "-"));
    const note = (channel: string, value: unknown): void => {
      const text = textOf(value);
      for (const sign of leaksIn(text)) leaks.push(`${holder}: ${channel}: ${around(text, sign)}`);
      if (text.includes("[secret]")) masked.add(channel);
    };
    const ways = Object.keys(WAYS).filter((way) => !(UNMARKED.has(way) && holder.startsWith("of what")));
    const targets = ways.map((way) => make(way, { dataDir: folder, onEvent: (event) => note("events", event) }));
    await Promise.all(targets.map(asked));

    const logger = loggerInto((line) => note("logger", line));
    await Promise.all(ways.map((way) => asked(make(way, { dataDir: folder, logger }))));

    const more = await moreListeners();
    const lines = openJsonLines(path.join(folder, "run.jsonl"));
    const failure = await run(targets, {
      ...CALL,
      retries: { retries: 1, minDelayMs: 1, jitter: false },
      keepGoing: "independent",
      force: targets,
      onEvent: [lines.onEvent, (event) => note("events of a run", event), ...more.listeners],
    }).catch((error: unknown) => error);
    lines.close();
    note("what run throws", failure);
    note("other listeners", more.written());
    note("runs", await listRuns(folder));
    note("a plan", String(await plan(targets)));
    note("collect", (await collect(targets)).toCsv());

    for (const target of targets) {
      note("the failure record", await readFailure(target));
      note("the record", await target.record());
      note("explain", await target.explain());
      note("diff", await diff(target, targets[0] ?? target));
      note("inspect", target);
    }
    for (const way of ways) {
      const loading = defined.map({ way, apiKey: key() }, { dataDir: folder }).load([1, 2]);
      note("a map", await loading.catch((error: unknown) => error));
    }

    for (const file of filesIn(folder)) note(`files *${path.extname(file)}`, readFileSync(file, "utf8"));
  }
  return { leaks, masked: [...masked].sort() };
}

function around(text: string, sign: string): string {
  const at = Math.max(0, text.indexOf(sign));
  return `${text.slice(Math.max(0, at - 60), at)}<here>`;
}

/**
 * The error that is thrown here is the generator's own, and quotes whatever the generator put into
 * it.
 */
async function asked(persistable: AnyPersistable): Promise<void> {
  const { generate } = persistable as unknown as { generate(options: object): Promise<unknown> };
  await generate.call(persistable, CALL).catch(() => {});
}

function loggerInto(write: (line: unknown) => void): Logger {
  const method = (message: string, fields?: object): void => write([message, fields]);
  return { debug: method, info: method, warn: method, error: method };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The text that printing, serializing and error trackers would get of a value. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const shown = inspect(value, { depth: 20, maxStringLength: null, maxArrayLength: null });
  const stack =
    value instanceof Error
      ? `${value.name} ${value.message} ${value.stack} ${inspect(value.cause, { depth: 20 })}`
      : "";
  return `${shown} ${stack} ${JSON.stringify(value)}`;
}
