export { CorruptArtifactError } from "../errors/artifact-errors.ts";
export {
  DecodeError,
  DecodeLimitError,
  NewerPayloadError,
  UndeclaredClassError,
  UnknownFormatError,
  UnsupportedPayloadError,
  WrongKeyError,
} from "../errors/format-errors.ts";
export { MissingPeerError } from "../errors/peer-errors.ts";
export type { ValuePath } from "../errors/value-path.ts";
export { type FormatDecoder, type FormatOfOptions, formatOf } from "../format/by-id/format-of.ts";
export { type Budget as DecodeBudget, createBudget as createDecodeBudget } from "../format/decode-budget.ts";
export { defaultDecodeLimits } from "../format/decode-limits.ts";
export type {
  AnyFormat,
  DecodeLimits,
  FilesCodec,
  Format,
  FormatFor,
  PayloadFile,
  SelectColumns,
  StoredCodec,
  StreamCodec,
  StreamCodecFor,
  TableSelection,
  UniversalFormat,
} from "../format/format.ts";
export { formatFor } from "../format/format-for.ts";
export { isOutOfResources } from "../format/out-of-resources.ts";
export type { PayloadSource } from "../format/payload-source.ts";
export { notInMemory } from "../format/stored/not-in-memory.ts";
export { replayStream } from "../format/stored/replay-stream.ts";
