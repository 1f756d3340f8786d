import type { ArtifactRecord } from "../../record/record.ts";
import { isPlainObject } from "../../util/fields-of.ts";
import { isEqual } from "./diff-artifacts.ts";
import { dependencyUnder, partOf, partUnder, type RecordedPart } from "./recorded-part.ts";

/** One field of the records, with the value of each record. */
export interface ComparedRow {
  /**
   * The path of the field: `params.points.n`, `summary.k`, `payload.digest`,
   * `provenance.git.commit`.
   */
  readonly path: string;
  /** One value per record, in their order; `undefined` for a record without the field. */
  readonly values: readonly unknown[];
  /** Whether all values are equal. */
  readonly isSame: boolean;
}

/** A comparison of records, as {@link diffAll} makes it. */
export interface RecordComparison {
  readonly rows: readonly ComparedRow[];
}

/**
 * Compares any number of records: their params, versions, summaries, payloads and provenance. The
 * result has one row per field, with the values of all records; in the rows that differ, `isSame`
 * is false.
 *
 * @example
 * ```ts
 * import { diffAll } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const records = await Promise.all([...study].map((estimator) => estimator.record()));
 * const { rows } = diffAll(records.filter((record) => record !== undefined));
 * for (const { path, values } of rows.filter(({ isSame }) => !isSame)) console.log(path, values);
 * // params.zThreshold [1, 2, 3, …]
 * ```
 */
export function diffAll(records: readonly ArtifactRecord[]): RecordComparison {
  const rows = [
    ...lineageRows(records.map(partOf)),
    ...objectRows(
      records.map(({ summary }) => summary),
      "summary.",
    ),
    ...objectRows(records.map(factsOfPayload), "payload."),
    ...objectRows(
      records.map(({ provenance }) => provenance),
      "provenance.",
    ),
  ];
  return { rows };
}

function factsOfPayload({ payload }: ArtifactRecord): object {
  const { format, digest, sizeBytes } = payload;
  return { format, digest, sizeBytes };
}

type Parts = readonly (RecordedPart | undefined)[];

function lineageRows(roots: Parts): ComparedRow[] {
  const rows: ComparedRow[] = [];
  // A dependency that several roles lead to is compared once, under the first path.
  const seen = new Set<string>();
  const stack: { readonly path: string; readonly parts: Parts }[] = [{ path: "", parts: roots }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, parts } = next;
    for (const key of ["name", "version", "draw"] as const) {
      const values = parts.map((part) => part?.[key]);
      // Most persistables have neither a version nor draws, and get no rows for them.
      if (values.some((value) => value !== undefined && value !== 0)) rows.push(rowOf(`${path}${key}`, values));
    }
    rows.push(
      ...objectRows(
        parts.map((part) => part?.params),
        `params.${path}`,
      ),
    );
    const inner: typeof stack = [];
    for (const role of new Set(parts.flatMap((part) => Object.keys(part?.dependencies ?? {})))) {
      const addresses = parts.map((part) => part && dependencyUnder(part, role)?.address);
      const below = parts.map((part) => part && partUnder(part, role));
      // Where a record cut its lineage, only the address is known.
      if (below.some((part, i) => part === undefined && addresses[i] !== undefined)) {
        rows.push(rowOf(`${path}${role}`, addresses));
      } else if (!seen.has(addresses.join())) {
        seen.add(addresses.join());
        inner.push({ path: `${path}${role}.`, parts: below });
      }
    }
    stack.push(...inner.reverse());
  }
  return rows;
}

/** Compares plain objects key by key, and any other value as a whole. */
function objectRows(objects: readonly (object | undefined)[], path: string): ComparedRow[] {
  const maps = objects.map((object) => new Map<string, unknown>(Object.entries(object ?? {})));
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].flatMap((key) => {
    const values = maps.map((map) => map.get(key));
    return values.every((value) => value === undefined || isPlainObject(value)) && values.some(isPlainObject)
      ? objectRows(
          values.map((value) => (isPlainObject(value) ? value : undefined)),
          `${path}${key}.`,
        )
      : [rowOf(`${path}${key}`, values)];
  });
}

function rowOf(path: string, values: readonly unknown[]): ComparedRow {
  return { path, values, isSame: values.every((value) => isEqual(value, values[0])) };
}
