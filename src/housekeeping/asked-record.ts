import { readEntry } from "../catalog/entries/read-entry.ts";
import { compileQuery } from "../catalog/query/matches.ts";
import { parseQuery } from "../catalog/query/parse-query.ts";
import type { Query } from "../catalog/query/query.ts";
import type { FoundRecord } from "../inspect/find-record.ts";
import type { ArtifactRecord } from "../record/record.ts";

/** Says which artifacts the caller wants: all of them, if neither option is given. */
export interface AskedArtifacts {
  /** Only artifacts that match this query: a text, a list of terms, or a query of `where`. */
  readonly query?: string | readonly string[] | Query | undefined;
  /** Only artifacts that this function accepts. */
  readonly where?: ((record: ArtifactRecord) => boolean) | undefined;
}

/**
 * The test of a record that was read. The query is read once, and its times count from `nowMs`.
 *
 * @throws InvalidQueryError
 */
export function askedRecord({ query, where }: AskedArtifacts, nowMs = Date.now()): (found: FoundRecord) => boolean {
  if (query === undefined) return ({ record }) => where?.(record) !== false;
  const parsed = typeof query === "object" && "terms" in query ? query : parseQuery(query);
  const test = compileQuery(parsed, nowMs);
  return ({ record, bytes }) => test(readEntry(bytes, record.name, record.address).entry) && where?.(record) !== false;
}
