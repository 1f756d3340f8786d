export type { Address } from "../address/address.ts";
export { addressOf, parseAddress, type Recipe, shortAddress } from "../address/address-of.ts";
export {
  describeMiss,
  type MissReason,
  type NearestArtifact,
  type RecipeChange,
  type StaleReason,
} from "../artifact/explain/miss.ts";
export type { SourceDifference } from "../artifact/explain/source-difference.ts";
export type { LeaseOwner } from "../artifact/lease/lease-claim.ts";
export type { NamedSource } from "../artifact/provenance/named-sources.ts";
export { collectOrphans } from "../artifact/publish/collect-orphans.ts";
export type { RemovedOrphans, RemoveOrphansOptions } from "../artifact/publish/remove-orphans.ts";
export { InvalidArchiveError } from "../errors/archive-errors.ts";
export {
  ArtifactInFlightError,
  CorruptArtifactError,
  FormatMismatchError,
  UnresolvedArtifactError,
} from "../errors/artifact-errors.ts";
export type { DescribedError } from "../errors/described-error.ts";
export {
  CompressionUnavailableError,
  DecodeError,
  DecodeLimitError,
  NewerPayloadError,
  UndeclaredClassError,
  UnknownFormatError,
  UnsupportedPayloadError,
} from "../errors/format-errors.ts";
export {
  CredentialInParamsError,
  InvalidAddressError,
  TaggedJsonError,
  UnsupportedValueError,
} from "../errors/params-errors.ts";
export { PersistFailedError } from "../errors/persist-errors.ts";
export { PersistableError } from "../errors/persistable-error.ts";
export {
  CircularWaitError,
  DefinitionError,
  InvalidParamsError,
  InvalidPayloadError,
  NoPayloadError,
  NotPersistedError,
  SourceChangedError,
} from "../errors/persistable-errors.ts";
export { NewerPackError, NewerRecordError, RecordTooLargeError } from "../errors/record-errors.ts";
export {
  InvalidStorePathError,
  NotAFileError,
  ObjectExistsError,
  ObjectTooLargeError,
  StoreAccessError,
  StoreError,
  StoreFullError,
  StoreIoError,
  TooManyOpenFilesError,
  UnknownStoreError,
} from "../errors/store-errors.ts";
export { ClassCodecError, FormatFailedError } from "../errors/user-code-errors.ts";
export type { PersistableEvent } from "../events/event.ts";
export type { Logger } from "../events/logger.ts";
export { brotli, bytes, gzip, json, npy, structured, text, zstd } from "../format/built-in/built-in-formats.ts";
export { defaultDecodeLimits } from "../format/decode-limits.ts";
export type { AnyFormat, DecodeLimits, Format, FormatFor, UniversalFormat } from "../format/format.ts";
export type { NpyArray } from "../format/npy/npy-array.ts";
export type { ShapedArray } from "../format/npy/npy-format.ts";
export type { CompressionOptions } from "../format/wrappers/compression-level.ts";
export { Secret, secret } from "../params/secret.ts";
export { type Untracked, untracked } from "../params/untracked.ts";
export type { CallOptions } from "../persistable/context/call-context.ts";
export type {
  DeclarationOptions,
  FreshnessOptions,
  MemoryPolicy,
  SourceChangePolicy,
} from "../persistable/declare/declaration.ts";
export type { GenerateContext, HookContext } from "../persistable/declare/hooks.ts";
export { definePersistable, type PersistableDefinition, typedParams } from "../persistable/define-persistable.ts";
export type { DefaultedParams, Definition, ParsedParams, PersistableOf, SummaryOf } from "../persistable/definition.ts";
export {
  type ArgumentsOf,
  type CallParams,
  type FunctionOptions,
  type FunctionPayload,
  type PersistedCalls,
  type PersistedFunction,
  persistFunction,
} from "../persistable/function/persist-function.ts";
export type { Explanation } from "../persistable/load/explain.ts";
export type { UndeclaredChange } from "../persistable/load/undeclared-changes.ts";
export {
  type AnyDependency,
  type AnyMap,
  type AnyPersistable,
  type AnyPersistedFunction,
  type ConstructorOptions,
  Persistable,
  type PersistableOptions,
} from "../persistable/persistable.ts";
export type {
  ArtifactRecord,
  Provenance,
  RecordDependency,
  RecordedPayload,
  UndeclaredLoad,
} from "../record/record.ts";
export type { PayloadSummary, SummaryValue } from "../record/summary-value.ts";
export { fileStore } from "../store/folder/file-store.ts";
export { memoryStore } from "../store/memory-store.ts";
export { openStore } from "../store/open/open-store.ts";
export type { Store, StoreCapabilities, StoreEntry, StoreFolder, StorePath } from "../store/store.ts";
export type { ClassCodec } from "../util/class-codec.ts";
export { defineClass } from "../util/class-codec.ts";
export type { Digest } from "../util/digest/digest.ts";
