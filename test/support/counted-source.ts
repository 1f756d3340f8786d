import type { PayloadSource } from "../../src/format/payload-source.ts";

/** Bytes to be read in parts, and how many of them were read. */
export function countedSource(bytes: Uint8Array): { readonly source: PayloadSource; read(): number } {
  let read = 0;
  const refuse = (): never => {
    throw new Error("The whole was read.");
  };
  return {
    source: {
      sizeBytes: bytes.length,
      async read(start, end) {
        const part = bytes.slice(start, end);
        read += part.length;
        return part;
      },
      stream: refuse,
      localFile: refuse,
    },
    read: () => read,
  };
}
