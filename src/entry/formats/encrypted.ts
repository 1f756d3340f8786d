export { DecodeError, DecodeLimitError, UnsupportedPayloadError, WrongKeyError } from "../../errors/format-errors.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export { encrypted } from "../../format/wrappers/encrypted-format.ts";
export type { AgeKeys, AgePassphrase, EncryptionKeys, KeySource } from "../../format/wrappers/encryption-keys.ts";
