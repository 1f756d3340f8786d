export {
  CompressionUnavailableError,
  DecodeError,
  DecodeLimitError,
  UnsupportedPayloadError,
} from "../../errors/format-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export {
  type AvroCodec,
  type AvroLongs,
  type AvroOptions,
  type AvroSchema,
  avro,
} from "../../format/avro/avro-format.ts";
export { type ReadAvroOptions, readAvro } from "../../format/avro/read-avro.ts";
export type { FileSource } from "../../format/read-file-source.ts";
