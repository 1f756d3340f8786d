import type { Address } from "../../address/address.ts";
import type { None, SummaryOf } from "../../persistable/definition.ts";
import type { AnyPersistable, Persistable } from "../../persistable/persistable.ts";

/**
 * One artifact as a row of a table. Its own params have their names as columns, and the params of a
 * dependency also have its role: `zThreshold`, `points.n`. All other columns have a prefix:
 * `artifact.state`, `summary.mean`, `metrics.rmse`, `cost.usd`.
 */
export type Row<Built extends AnyPersistable, Metrics extends object = None> = {
  readonly [Column in keyof Columns<Built, Metrics>]: Columns<Built, Metrics>[Column];
};

type Columns<Built extends AnyPersistable, Metrics extends object> = FlatParams<Built> &
  ArtifactColumns &
  Prefixed<"summary", KnownSummary<SummaryOf<Built>>> &
  Prefixed<"metrics", Metrics> & { readonly [cost: `cost.${string}`]: number | undefined };

/**
 * The columns that identify and describe an artifact. Except for `version` and `problem`, the
 * optional ones come from its record, and are absent without one.
 */
export interface ArtifactColumns {
  readonly "artifact.name": string;
  readonly "artifact.address": Address;
  readonly "artifact.state": "persisted" | "missing" | "corrupt";
  readonly "artifact.draw": number;
  readonly "artifact.version"?: string | number;
  /** The damaged file of a corrupt artifact, and what is wrong with it. */
  readonly "artifact.problem"?: string;
  readonly "artifact.createdAt"?: Date;
  readonly "artifact.durationMs"?: number;
  readonly "artifact.sizeBytes"?: number;
  readonly "artifact.format"?: string;
  readonly "artifact.host"?: string;
  readonly "artifact.commit"?: string;
}

/**
 * The params of a persistable and of everything upstream, in one object:
 * `{ zThreshold: number; "points.n": number }`.
 */
export type FlatParams<Built> =
  Built extends Persistable<unknown, infer Params, infer Dependencies, unknown>
    ? FlatObject<Params> & FlatRoles<Dependencies>
    : { readonly [param: string]: unknown };

type FlatObject<Params> = UnionToIntersection<
  { [Key in keyof Params & string]: FlatValue<Key, Params[Key]> }[keyof Params & string]
>;

/**
 * Each key of a plain object becomes a column; any other value is one column. The brackets keep the
 * compiler from distributing the condition over a union.
 */
type FlatValue<Key extends string, Value> = [Value] extends [PlainObject]
  ? { readonly [Inner in keyof Value & string as `${Key}.${Inner}`]: Value[Inner] }
  : { readonly [Only in Key]: Value };

type PlainObject = { readonly [key: string]: unknown };

type FlatRoles<Dependencies> = UnionToIntersection<
  { [Role in keyof Dependencies & string]: Under<Role, FlatParams<Dependencies[Role]>> }[keyof Dependencies & string]
>;

type Under<Role extends string, Params> = { readonly [Key in keyof Params & string as `${Role}.${Key}`]: Params[Key] };

type Prefixed<Prefix extends string, Values> = {
  readonly [Key in keyof Values & string as `${Prefix}.${Key}`]?: Values[Key];
};

type KnownSummary<Summary> = unknown extends Summary ? None : Summary;

type UnionToIntersection<Union> = [Union] extends [never]
  ? unknown
  : (Union extends unknown ? (value: Union) => void : never) extends (value: infer Intersection) => void
    ? Intersection
    : never;
