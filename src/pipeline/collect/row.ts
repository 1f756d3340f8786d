import type { Address } from "../../address/address.ts";
import type { SummaryOf } from "../../persistable/definition.ts";
import type { AnyPersistable, Persistable } from "../../persistable/persistable.ts";

/**
 * One artifact as a row of a table. Params stand under their own names, those of a dependency under its role: `zThreshold`, `points.n`. Everything else has a prefix:
 * `artifact.state`, `summary.mean`, `metrics.rmse`, `cost.usd`.
 */
export type Row<Built extends AnyPersistable, Metrics extends object = Record<never, never>> = Flatten<
  FlatParams<Built> &
    ArtifactColumns &
    Prefixed<"summary", KnownSummary<SummaryOf<Built>>> &
    Prefixed<"metrics", Metrics> & { readonly [cost: `cost.${string}`]: number | undefined }
>;

/** What every row says of its artifact: who it is always, the rest only where the artifact is. */
export interface ArtifactColumns {
  readonly "artifact.name": string;
  readonly "artifact.address": Address;
  readonly "artifact.state": "persisted" | "missing" | "corrupt";
  readonly "artifact.draw": number;
  readonly "artifact.version"?: string | number;
  /** What is wrong with a corrupt one. */
  readonly "artifact.problem"?: string;
  readonly "artifact.createdAt"?: Date;
  readonly "artifact.durationMs"?: number;
  readonly "artifact.sizeBytes"?: number;
  readonly "artifact.format"?: string;
  readonly "artifact.host"?: string;
  readonly "artifact.commit"?: string;
}

/** Params of a persistable and of everything upstream, in one object: `{ zThreshold: number; "points.n": number }`. */
export type FlatParams<Built> =
  Built extends Persistable<unknown, infer Params, infer Dependencies, unknown>
    ? FlatObject<Params> & FlatRoles<Dependencies>
    : { readonly [param: string]: unknown };

type FlatObject<Params> = UnionToIntersection<
  { [Key in keyof Params & string]: FlatValue<Key, Params[Key]> }[keyof Params & string]
>;

/** A plain object is taken apart; everything else is a value. In brackets, or a union would be taken apart too. */
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

type KnownSummary<Summary> = unknown extends Summary ? Record<never, never> : Summary;

type UnionToIntersection<Union> = [Union] extends [never]
  ? unknown
  : (Union extends unknown ? (value: Union) => void : never) extends (value: infer Intersection) => void
    ? Intersection
    : never;

type Flatten<Type> = { readonly [Key in keyof Type]: Type[Key] } & {};
