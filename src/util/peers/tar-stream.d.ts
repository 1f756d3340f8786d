// The package's own types use the streams of another library, which Node's functions do not accept.
// This file describes the part of the package that is used here, with Node's streams.
declare module "tar-stream" {
  import type { Readable, Writable } from "node:stream";

  interface TarHeader {
    readonly name: string;
    readonly size: number;
    /** `null` for a type that the package does not know. */
    readonly type: string | null;
  }

  interface TarPack extends Readable {
    entry(
      header: Pick<TarHeader, "name" | "size"> & { readonly mtime: Date },
      callback: (error?: Error | null) => void,
    ): Writable;
    finalize(): void;
  }

  interface TarEntry extends Readable {
    readonly header: TarHeader;
  }

  interface TarExtract extends Writable {
    [Symbol.asyncIterator](): AsyncIterableIterator<TarEntry>;
  }

  export function pack(): TarPack;
  export function extract(): TarExtract;
}
