import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Addresser, createAddresser } from "../../address/create-addresser.ts";
import { fingerprintSource, locateDefinition } from "../../artifact/provenance/defining-module.ts";
import type { NamedSource } from "../../artifact/provenance/named-sources.ts";
import { encodeCanonical } from "../../canonical/encode-canonical.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { Format } from "../../format/format.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { saysAnonymous } from "../../util/anonymity.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { SurroundingsOptions } from "./surroundings.ts";

/**
 * How callers are kept from changing each other's payload, if it is held in memory.
 *
 * - `"safe"` (default): plain objects and arrays are frozen and shared. A payload that cannot be
 *   frozen (typed arrays, Map, class instances) is decoded again for each caller.
 * - `"fresh"`: the payload is decoded again for each caller, so that each may change its own.
 * - `"shared"`: all callers get the same value, as it is. For big arrays that no caller changes.
 */
export type MemoryPolicy = "safe" | "fresh" | "shared";

/**
 * The declaration of a class of persistables. Each part is optional, and means the same in a class
 * and in `definePersistable`.
 */
export interface DeclarationOptions extends FreshnessOptions {
  /**
   * The version of the code. Its author changes it when the meaning of the code changes. It is in
   * the recipe, so that a new version generates the payload again.
   */
  readonly version?: string | number | undefined;
  /**
   * The format in which the payload becomes bytes; `structured()` by default. Not in the recipe.
   */
  readonly format?: Format | undefined;
  /** Formats of earlier artifacts that should still load. */
  readonly readFormats?: readonly Format[] | undefined;
  /** Codecs for instances of classes inside params. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** Keys of params that never enter the recipe, and are recorded as such. */
  readonly untracked?: readonly string[] | undefined;
  /**
   * Params that earlier releases did not have, with the value that these releases used implicitly.
   * A parameter with that value stays out of the recipe, so that adding an option keeps all earlier
   * results.
   */
  readonly earlierDefaults?: Readonly<Record<string, unknown>> | undefined;
  /** Earlier names; artifacts under them are still found. */
  readonly aliases?: readonly string[] | undefined;
  /**
   * Keys of params that look like credentials but are not; `true` for all, where params are content
   * that people have written.
   */
  readonly allowCredentials?: readonly string[] | true | undefined;
  /**
   * `true` if properties of params that are undefined count as left out at any depth, as params
   * themselves do. For objects of other libraries, which get new optional properties. It is part of
   * no recipe, but changes the addresses of params that have such properties.
   */
  readonly ignoreUndefined?: boolean | undefined;
  /** How a payload in memory is handed out, see {@link MemoryPolicy}; `"safe"` by default. */
  readonly memory?: MemoryPolicy | undefined;
  /**
   * The age, in milliseconds, from which an artifact has expired and is generated again; or a
   * function of the payload and its record that returns it. Without it, artifacts never expire. An
   * artifact that was made more than a minute in the future has expired, too.
   *
   * @example
   * ```ts
   * import { definePersistable } from "persistable-ts";
   *
   * const day = 24 * 3600_000;
   * definePersistable({
   *   name: "rates",
   *   generate: async () => (await fetch("https://example.com/rates")).json(),
   *   maxAge: day,
   * });
   * ```
   */
  readonly maxAge?: number | ((payload: never, record: ArtifactRecord) => number) | undefined;
  /**
   * Payloads up to this size, in bytes, are stored inside their record; 4096 by default, 0 for
   * never.
   */
  readonly inlineBytes?: number | undefined;
  /**
   * Leaves out of the records of this name: the user, the host, the process, the script and the
   * module. In leases, and in the journals and records of its runs, only the number of the process
   * remains, without arguments and stacks. The log file does not name the data directory. Messages
   * of errors stay as they are. `PERSISTABLE_ANONYMOUS=1` in the environment does so for all.
   */
  readonly anonymous?: boolean | undefined;
  /**
   * The amounts of limited things that one generation takes, by the name of a pool: `{ gpu: 1 }`. A
   * run that has such a pool keeps to its limit.
   */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /**
   * The log file of this name alone: `false` for none, `{ maxBytes }` for a bounded one. The option
   * `log` of a single persistable goes before it.
   */
  readonly log?: SurroundingsOptions["log"];
  /**
   * `false` leaves out when artifacts of this name were last loaded. Otherwise the time of a record
   * in a folder becomes that of the last load, to the day, for `unusedForMs`
   * of `persistable-ts/housekeeping`. `PERSISTABLE_LAST_USE=off` in the environment leaves it out
   * for all.
   *
   * @example
   * ```ts
   * import { definePersistable } from "persistable-ts";
   *
   * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), recordsUse: false });
   * ```
   */
  readonly recordsUse?: boolean | undefined;
  /** How often and when a run tries again after a failure; it does not by default. */
  readonly retries?: number | RetryOptions | undefined;
  /** The time that one attempt may take in a run, in milliseconds; unlimited by default. */
  readonly timeoutMs?: number | undefined;
  /**
   * Generates on a worker thread, for generators that compute. The worker imports the module that
   * defines the persistable, which has to export it. If that module cannot be found from here (you
   * declare a class, or a function of yours calls `definePersistable`), give `import.meta.url`
   * instead of `true`. The payload is moved and not copied: if the generator keeps a typed array,
   * let it return a copy.
   */
  readonly worker?: boolean | string | URL | undefined;
}

/**
 * How a run tries again. The delay before attempt n + 1 is `minDelayMs * factor ** (n - 1)`, and at
 * most `maxDelayMs`.
 */
export interface RetryOptions {
  /** The number of attempts after the first one, at most. */
  readonly retries: number;
  /** The first delay, in milliseconds; 1000 by default. */
  readonly minDelayMs?: number | undefined;
  /** The longest delay before jitter, in milliseconds; 60,000 by default. */
  readonly maxDelayMs?: number | undefined;
  /** The number by which each failure multiplies the delay; 2 by default. */
  readonly factor?: number | undefined;
  /**
   * Multiplies each delay by a random number between 1 and 2, so that many nodes that fail together
   * do not try again together; true by default.
   */
  readonly jitter?: boolean | undefined;
  /** Returns whether to try again after this error; after every error by default. */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
}

/**
 * Decides what becomes of an artifact that was made by other source code than today's.
 *
 * - `"warn"` (default): it is loaded, and an event says so once.
 * - `"regenerate"`: it is generated again.
 * - `"error"`: loading it fails with {@link SourceChangedError}, for example in CI.
 * - `"ignore"`: it is loaded.
 */
export type SourceChangePolicy = "warn" | "regenerate" | "error" | "ignore";

/** The options that decide whether an artifact is fresh enough. */
export interface FreshnessOptions {
  /**
   * For this long after it has expired, in milliseconds, an artifact is still given at once, while
   * it is generated again in the background; 0 by default.
   */
  readonly staleWhileRevalidate?: number | undefined;
  /**
   * For how long a failure of the generator is remembered in this process, in milliseconds: calls
   * in that time get the same error, and the generator does not run. 0 by default.
   */
  readonly maxFailureAge?: number | undefined;
  /**
   * Decides what becomes of artifacts that other source code has made. The environment variable
   * `PERSISTABLE_ON_SOURCE_CHANGE` decides where the definition does not, and the option of a run
   * comes before both.
   */
  readonly onSourceChange?: SourceChangePolicy | undefined;
  /**
   * The source whose changes count, beside that of the generator itself: modules, by their URL or
   * by their path from the module of the definition, and packages, by their installed version. With
   * it, the source is kept in the data directory, so that `explain()` can show what has changed.
   *
   * @example
   * ```ts
   * import { definePersistable } from "persistable-ts";
   *
   * definePersistable({
   *   name: "report",
   *   source: [import.meta.url, "./layout.ts", { package: "zod" }],
   *   onSourceChange: "regenerate",
   *   generate: () => "quarterly report",
   * });
   * ```
   */
  readonly source?: readonly NamedSource[] | undefined;
}

/** A declaration, with everything that is derived from it once for each definition or class. */
export interface Declaration extends DeclarationOptions {
  readonly name: string;
  readonly params: StandardSchemaV1 | undefined;
  readonly classes: readonly ClassCodec[];
  readonly untrackedKeys: ReadonlySet<string>;
  readonly aliases: readonly string[];
  /** The address functions by draw. With aliases, a draw has more than one. */
  readonly addressers: Map<number, readonly KnownAddresser[]>;
  /** True for a family: a map or a persisted function, which has no payload of its own. */
  readonly isFamily: boolean;
  readonly earlierDefaultBytes: ReadonlyMap<string, string>;
  /** Made where the declaration was made: its stack names the module. */
  readonly trace: Error;
  readonly generator: (...args: never) => unknown;
  /** The format of the declaration, followed by the formats that it can also read. */
  formats: readonly [Format, ...Format[]] | undefined;
  /** The module that defines it; worked out when the first payload is generated. */
  location: { readonly module: string | undefined } | undefined;
  /** The fingerprint of its source; a promise while named modules are read. */
  fingerprint: string | Promise<string> | undefined;
}

/** Checks a declaration, and prepares all that its instances share. */
export function createDeclaration(
  name: string,
  params: StandardSchemaV1 | undefined,
  options: DeclarationOptions & { readonly isFamily?: boolean | undefined },
  generator: (...args: never) => unknown,
  trace: Error,
): Declaration {
  assertName(name);
  declaredVersions.set(name, options.version);
  for (const alias of options.aliases ?? []) assertName(alias);
  const classes = options.classes ?? [];
  const earlierDefaultBytes = new Map<string, string>();
  for (const [key, value] of Object.entries(options.earlierDefaults ?? {})) {
    earlierDefaultBytes.set(key, canonicalText(value, classes, `earlierDefaults.${key}`));
  }
  return {
    ...options,
    name,
    params,
    classes,
    untrackedKeys: new Set(options.untracked),
    aliases: options.aliases ?? [],
    addressers: new Map(),
    isFamily: options.isFamily === true,
    earlierDefaultBytes,
    trace,
    generator,
    formats: undefined,
    location: undefined,
    fingerprint: undefined,
  };
}

/** The version of each name as this process has declared it last. */
export const declaredVersions = new Map<string, string | number | undefined>();

/** Returns canonical bytes as text, by which values can be compared. */
export function canonicalText(value: unknown, classes: readonly ClassCodec[], root: string): string {
  return Buffer.from(encodeCanonical(value, { classes, root })).toString("latin1");
}

/** Returns the address function of a declaration under one of its names. */
export function addresserOf(
  declaration: Declaration,
  name: string,
  version: string | number | undefined,
  draw: number,
  roles: readonly string[],
): Addresser {
  const { addressers, classes } = declaration;
  const ofDraw = addressers.get(draw) ?? [];
  for (const known of ofDraw) {
    if (known.name === name && known.version === version && isSame(known.roles, roles)) return known.addresser;
  }
  const addresser = createAddresser({ name, ...(version === undefined ? {} : { version }), draw, roles }, { classes });
  if (addressers.size >= MAX_DRAWS) addressers.clear();
  addressers.set(draw, [...ofDraw, { name, version, roles, addresser }]);
  return addresser;
}

const MAX_DRAWS = 1000;

interface KnownAddresser {
  readonly name: string;
  readonly version: string | number | undefined;
  readonly roles: readonly string[];
  readonly addresser: Addresser;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** Whether records of this name leave out who made them, and where. */
export function isAnonymous({ anonymous }: Declaration): boolean {
  return saysAnonymous(anonymous);
}

/** Returns the module that defines it. */
export function locationOf(declaration: Declaration): string | undefined {
  declaration.location ??= { module: locateDefinition(declaration.trace) };
  return declaration.location.module;
}

/**
 * Returns the fingerprint of its source. It is a promise until the modules that `source` names have
 * been read, once for each declaration.
 */
export function fingerprintOf(declaration: Declaration): string | Promise<string> {
  const { source, generator } = declaration;
  declaration.fingerprint ??=
    source === undefined
      ? fingerprintSource(Function.prototype.toString.call(generator))
      : readFingerprint(declaration);
  return declaration.fingerprint;
}

async function readFingerprint(declaration: Declaration): Promise<string> {
  declaration.fingerprint = fingerprintSource(await sourceTextOf(declaration));
  return declaration.fingerprint;
}

/** Returns the text whose digest is the fingerprint. */
export async function sourceTextOf(declaration: Declaration): Promise<string> {
  const { name, source, generator } = declaration;
  const text = Function.prototype.toString.call(generator);
  if (source === undefined) return text;
  const { encodeSources, readSources } = await loadPart(() => import("../../artifact/provenance/named-sources.ts"));
  return encodeSources(await readSources(name, text, source, locationOf(declaration)));
}

const MAX_NAME_LENGTH = 1000;

function assertName(name: unknown): void {
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH || !name.isWellFormed()) {
    throw new DefinitionError(
      `A persistable needs a name of 1 to ${MAX_NAME_LENGTH} characters, and was given ${JSON.stringify(name)?.slice(0, 80)}. It names the folder of its artifacts.`,
    );
  }
}
