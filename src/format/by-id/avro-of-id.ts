import { DecodeError } from "../../errors/format-errors.ts";
import { avroId } from "../avro/avro-format.ts";
import { readContainer } from "../avro/container.ts";
import { parseAvroSchema } from "../avro/parse-schema.ts";
import type { Format } from "../format.ts";

/**
 * Reads Avro files by the schema that they hold, which has to be the one of which the id has a
 * digest.
 */
export function avroOfId(argument: string): Pick<Format, "id" | "decode"> {
  const id = `avro(${argument})`;
  const longs = argument.startsWith("bigint,") ? "bigint" : "number";
  return {
    id,
    decode: (bytes, limits) =>
      readContainer(bytes, limits, {
        longs,
        resolve(found) {
          if (avroId(JSON.stringify(found), longs) === id) return parseAvroSchema(found);
          throw new DecodeError("avro", "they were written with another schema than the id says");
        },
      }),
  };
}
