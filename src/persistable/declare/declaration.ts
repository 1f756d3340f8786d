import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Addresser, createAddresser } from "../../address/create-addresser.ts";
import { fingerprintSource, locateDefinition } from "../../artifact/provenance/defining-module.ts";
import { encodeCanonical } from "../../canonical/encode-canonical.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { Format } from "../../format/format.ts";
import type { ClassCodec } from "../../util/class-codec.ts";

/**
 * How values that are held in memory are kept from being changed by those who get them.
 *
 * - `"safe"` (default): plain objects and arrays are frozen and shared; whatever cannot be frozen (typed arrays, Map, class instances) is decoded anew each time it is asked for.
 * - `"fresh"`: always decoded anew, so that every caller may change its own.
 * - `"shared"`: one value for everybody, as it is; for big arrays that nobody changes.
 */
export type MemoryPolicy = "safe" | "fresh" | "shared";

/** What a class of persistables declares; each part is optional, and the same whether it is said in a class or in `definePersistable`. */
export interface DeclarationOptions {
  /** The author's word that the code changed meaning: it is in the recipe, so a new version generates anew. */
  readonly version?: string | number | undefined;
  /** How the payload becomes bytes; `structured()` by default. Not in the recipe. */
  readonly format?: Format | undefined;
  /** Formats of earlier artifacts that should still load. */
  readonly readFormats?: readonly Format[] | undefined;
  /** How class instances inside params are encoded. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** Keys of params that never enter the recipe, and are recorded as such. */
  readonly untracked?: readonly string[] | undefined;
  /**
   * Params that earlier releases did not have, with the value that they had implicitly: while a parameter has that value it stays
   * out of the recipe, so adding an option throws no results away.
   */
  readonly earlierDefaults?: Readonly<Record<string, unknown>> | undefined;
  /** Earlier names, under which artifacts are still found. */
  readonly aliases?: readonly string[] | undefined;
  /** Keys of params that look like credentials and are none. */
  readonly allowCredentials?: readonly string[] | undefined;
  readonly memory?: MemoryPolicy | undefined;
  /** Payloads up to this size lie inside their record; 4096 by default, 0 for never. */
  readonly inlineBytes?: number | undefined;
  /** What generating one takes of limited things, by the name of a pool: `{ gpu: 1 }`. A run that has such a pool keeps to its limit. */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /** How a run tries again after a failure; not at all by default. */
  readonly retries?: number | RetryOptions | undefined;
  /** How long one attempt may take in a run, in milliseconds; for ever by default. */
  readonly timeoutMs?: number | undefined;
  /**
   * Generate on a worker thread, for generators that compute: the module that defines it is imported there, and has to export it. Where it cannot be found (a class, a
   * function of yours that defines), say `import.meta.url` in the place of `true`. What the generator returns is moved, not copied: of typed arrays that it keeps, return a copy.
   */
  readonly worker?: boolean | string | URL | undefined;
}

/** How a run tries again. The delay before attempt n + 1 is `minDelayMs * factor ** (n - 1)`, and at most `maxDelayMs`. */
export interface RetryOptions {
  /** How often at most after the first attempt. */
  readonly retries: number;
  /** 1000 by default. */
  readonly minDelayMs?: number | undefined;
  /** 60,000 by default. */
  readonly maxDelayMs?: number | undefined;
  /** 2 by default. */
  readonly factor?: number | undefined;
  /** Multiply each delay by a random number between 1 and 2; true by default, so that many who fail together do not come back together. */
  readonly jitter?: boolean | undefined;
  /** Whether to try again after this error; after every one by default. */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
}

/** A declaration with everything worked out, one for each definition or class. */
export interface Declaration extends DeclarationOptions {
  readonly name: string;
  readonly params: StandardSchemaV1 | undefined;
  readonly classes: readonly ClassCodec[];
  readonly untrackedKeys: ReadonlySet<string>;
  readonly aliases: readonly string[];
  /** By draw; more than one for a draw where there are aliases. */
  readonly addressers: Map<number, readonly KnownAddresser[]>;
  readonly earlierDefaultBytes: ReadonlyMap<string, string>;
  /** Made where the declaration was made, to find the module. */
  readonly trace: Error;
  readonly generator: (...args: never) => unknown;
  /** Its format first, then those that it can also read. */
  formats: readonly [Format, ...Format[]] | undefined;
  provenanceKeys: { readonly location: string | undefined; readonly source: string } | undefined;
}

/** Checks a declaration and prepares what every instance of it needs. */
export function createDeclaration(
  name: string,
  params: StandardSchemaV1 | undefined,
  options: DeclarationOptions,
  generator: (...args: never) => unknown,
  trace: Error,
): Declaration {
  assertName(name);
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
    earlierDefaultBytes,
    trace,
    generator,
    formats: undefined,
    provenanceKeys: undefined,
  };
}

/** Canonical bytes as text, to compare values by. */
export function canonicalText(value: unknown, classes: readonly ClassCodec[], root: string): string {
  return Buffer.from(encodeCanonical(value, { classes, root })).toString("latin1");
}

/** The address function of a declaration under one of its names. */
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

/** Where it is defined and by which code, worked out when the first payload is generated. */
export function provenanceKeysOf(declaration: Declaration): {
  readonly location: string | undefined;
  readonly source: string;
} {
  declaration.provenanceKeys ??= {
    location: locateDefinition(declaration.trace),
    source: fingerprintSource(declaration.generator),
  };
  return declaration.provenanceKeys;
}

const ROLE = /^[A-Za-z][A-Za-z0-9_]*$/;
const RESERVED_ROLES = new Set(["constructor", "prototype", "toString", "valueOf", "hasOwnProperty"]);

/** Roles are keys of records and properties in code. */
export function assertRoles(name: string, roles: readonly string[]): void {
  for (const role of roles) {
    if (!ROLE.test(role) || RESERVED_ROLES.has(role)) {
      throw new DefinitionError(
        `${name} has a dependency under the role ${JSON.stringify(role)}: use letters, digits and _, beginning with a letter.`,
      );
    }
  }
}

const MAX_NAME_LENGTH = 1000;

function assertName(name: unknown): void {
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH || !name.isWellFormed()) {
    throw new DefinitionError(
      `A persistable needs a name of 1 to ${MAX_NAME_LENGTH} characters, and was given ${JSON.stringify(name)?.slice(0, 80)}. It names the folder of its artifacts.`,
    );
  }
}
