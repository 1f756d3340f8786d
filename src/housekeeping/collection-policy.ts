import { DefinitionError } from "../errors/persistable-errors.ts";
import { isTextList } from "../util/json/checks.ts";
import type { AskedArtifacts } from "./asked-record.ts";

/**
 * The conditions for removing artifacts and other things of a data directory. An artifact is
 * removed only if it meets every condition that is given, so each further condition removes less.
 * Without a condition no artifact is removed.
 *
 * An artifact that has a tag or is pinned stays, and so does everything that an artifact which
 * stays was made from.
 */
export interface CollectionPolicy extends AskedArtifacts {
  /** Only artifacts and orphans of these names; by default all of them. */
  readonly names?: readonly string[] | undefined;
  /** Only artifacts that were generated longer ago than this. */
  readonly olderThanMs?: number | undefined;
  /**
   * Only artifacts that were not loaded for this long, and whose dependents were not loaded either.
   * Loading from a folder sets the time of a record once a day. Elsewhere nothing records a load:
   * in a bucket this is the age of the artifact.
   */
  readonly unusedForMs?: number | undefined;
  /** This many of the newest artifacts of each name stay. */
  readonly keepLast?: number | undefined;
  /** The least recently used artifacts are removed until the others fit into this many bytes. */
  readonly maxBytes?: number | undefined;
  /** Payload files that no record refers to, a day after they were written. */
  readonly orphans?: boolean | undefined;
  /** Unfinished writes of processes that have ended. */
  readonly temporary?: boolean | undefined;
  /** Damaged artifacts that were set aside longer ago than this. */
  readonly quarantineOlderThanMs?: number | undefined;
  /** Log files to which no line was added for this long. */
  readonly logsOlderThanMs?: number | undefined;
  /** Records of runs, and notes of failures, that were not written to for this long. */
  readonly runsOlderThanMs?: number | undefined;
}

const AMOUNTS: readonly string[] = [
  ...["olderThanMs", "unusedForMs", "keepLast", "maxBytes"],
  ...["quarantineOlderThanMs", "logsOlderThanMs", "runsOlderThanMs"],
];
const KNOWN: ReadonlySet<string> = new Set(["names", "query", "where", "orphans", "temporary", ...AMOUNTS]);

/**
 * @throws {@link DefinitionError}: a misspelt condition would otherwise remove more than was meant
 */
export function checkPolicy(policy: CollectionPolicy): void {
  for (const [key, value] of Object.entries(policy)) {
    if (!KNOWN.has(key)) throw refuse(`has no condition ${JSON.stringify(key)}. It may have ${[...KNOWN].join(", ")}.`);
    if (value === undefined) continue;
    if (AMOUNTS.includes(key) && !(typeof value === "number" && value >= 0))
      throw refuse(`has the ${key} ${String(value)}: it must be a number of at least 0.`);
  }
  if (policy.names !== undefined && !isTextList(policy.names)) throw refuse("has names that are not a list of texts.");
  if (policy.where !== undefined && typeof policy.where !== "function")
    throw refuse("has a where that is not a function of a record.");
}

/** Whether any artifact may be removed at all. */
export function concernsArtifacts(policy: CollectionPolicy): boolean {
  const { query, where, olderThanMs, unusedForMs, keepLast, maxBytes } = policy;
  return [query, where, olderThanMs, unusedForMs, keepLast, maxBytes].some((condition) => condition !== undefined);
}

function refuse(problem: string): DefinitionError {
  return new DefinitionError(`The policy of planCollection ${problem}`);
}
