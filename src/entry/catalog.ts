export type { JsonObject, JsonValue } from "../canonical/tagged-json.ts";
export { type ListRecordsOptions, listRecords, type UnreadableRecord } from "../catalog/entries/list-records.ts";
export type { EntryChanges, NearArtifact } from "../catalog/entries/name-entries.ts";
export { listNames } from "../catalog/list-names.ts";
export type { Facet, FacetOptions } from "../catalog/open/facet.ts";
export {
  type Catalog,
  type CatalogOptions,
  type FindOptions,
  type FoundArtifacts,
  openCatalog,
  type WatchOptions,
} from "../catalog/open/open-catalog.ts";
export type { NameUsage } from "../catalog/open/usage.ts";
export type {
  CatalogLineage,
  CatalogLineageNode,
  CatalogLineageOptions,
} from "../catalog/open/walk-lineage.ts";
export type { CatalogEntry } from "../catalog/query/catalog-entry.ts";
export { matches } from "../catalog/query/matches.ts";
export { parseQuery } from "../catalog/query/parse-query.ts";
export { formatQuery, type Operator, type Query, type QueryValue, type Term } from "../catalog/query/query.ts";
export { type BuiltQuery, type ComparedValue, where } from "../catalog/query/where.ts";
export { UnresolvedArtifactError } from "../errors/artifact-errors.ts";
export { InvalidQueryError } from "../errors/catalog-errors.ts";
