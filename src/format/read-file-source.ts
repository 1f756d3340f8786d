/** A whole file: its bytes, its path, or its `file:` URL. */
export type FileSource = Uint8Array | string | URL;

/** Returns the bytes, which are never a Buffer: the parts of a Buffer would be Buffers too. */
export async function readFileSource(source: FileSource): Promise<Uint8Array> {
  const bytes =
    source instanceof Uint8Array ? source : await process.getBuiltinModule("node:fs/promises").readFile(source);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
