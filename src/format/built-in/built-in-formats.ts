import { CompressionUnavailableError } from "../../errors/format-errors.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { AnyFormat, DecodeLimits, Format, FormatFor, UniversalFormat } from "../format.ts";
import { decodeJson } from "../json/decode-json.ts";
import type { NpyArray } from "../npy/npy-array.ts";
import type { ShapedArray } from "../npy/shaped-array.ts";
import { decodeStructured, nameClasses } from "../structured/decode-structured.ts";
import { type CompressionOptions, parseLevel } from "../wrappers/compression-level.ts";

// The main entry point exports these formats. A process that finds its payload only has to decode
// it, mostly in the default format. So decoding that is in this module, and the first use of a
// format loads the rest of it.

/**
 * The default format. It holds every value that can be cloned by `structuredClone`, keeps its type,
 * shared references and cycles, and holds instances of declared classes.
 *
 * The payload is encoded by Node's own serialization, which never executes code, in an envelope
 * that is checked before decoding. Big typed arrays lie beside it as raw bytes: they are written
 * from where they lie in memory, and come back as views of the payload's bytes, without a copy.
 *
 * Views of one buffer share it again if they overlap or lie close together. The parts of a buffer
 * that no view covers are not written. A Buffer comes back as a Buffer. Containers may nest 500
 * levels deep.
 *
 * @throws TypeError if two of the classes have the same name.
 *
 * @example
 * ```ts
 * import { defineClass, definePersistable, structured } from "persistable-ts";
 *
 * class Line {
 *   readonly slope: number;
 *   constructor(slope: number) {
 *     this.slope = slope;
 *   }
 * }
 * definePersistable({
 *   name: "line",
 *   generate: () => new Line(2),
 *   format: structured({
 *     classes: [defineClass(Line, { encode: ({ slope }) => slope, decode: (slope) => new Line(slope) })],
 *   }),
 * });
 * ```
 */
export function structured(options: { readonly classes?: readonly ClassCodec[] } = {}): UniversalFormat {
  const named = nameClasses(options.classes ?? []);
  return {
    ...deferred({ id: "structured", extension: ".v8", inline: "base64" }, structuredModule, (module) =>
      module.structured(options),
    ),
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) => decodeStructured(bytes, limits, named) as Payload,
  };
}

/**
 * JSON text, for people and other tools. The format refuses the values that JSON would change:
 * `undefined`, `NaN`, `-0`, `Date`, `Map`, `bigint`, and instances of classes.
 *
 * @example
 * ```ts
 * import { definePersistable, json } from "persistable-ts";
 *
 * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: json() });
 * ```
 */
export function json(): UniversalFormat {
  return {
    ...deferred({ id: "json", extension: ".json", inline: "json" }, jsonModule, (module) => module.json()),
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) => decodeJson(bytes, limits) as Payload,
  };
}

/**
 * Text as UTF-8.
 *
 * @example
 * ```ts
 * import { definePersistable, text } from "persistable-ts";
 *
 * definePersistable({ name: "summary", generate: () => "Call me Ishmael.", format: text() });
 * ```
 */
export function text(): Format<string> {
  return deferred({ id: "text", extension: ".txt", inline: "text" }, textModule, (module) => module.text());
}

/**
 * Bytes as they are.
 *
 * @example
 * ```ts
 * import { bytes, definePersistable } from "persistable-ts";
 *
 * definePersistable({
 *   name: "page",
 *   generate: async () => new Uint8Array(await (await fetch("https://example.com")).arrayBuffer()),
 *   format: bytes(),
 * });
 * ```
 */
export function bytes(): FormatFor<Uint8Array>;
export function bytes(): AnyFormat {
  return deferred({ id: "bytes", extension: ".bin", inline: "base64" }, bytesModule, (module) => module.bytes());
}

/**
 * NumPy's format, for typed arrays, in little-endian order. Loading gives a view of the file's
 * bytes, without a copy. `np.load` reads the file, and this format reads the files of `np.save`
 * that are little-endian and in C order.
 *
 * Format: NumPy Enhancement Proposal 1 and `numpy.lib.format`.
 *
 * @example
 * ```ts
 * import { definePersistable, npy } from "persistable-ts";
 *
 * definePersistable({ name: "points", generate: () => Float64Array.of(1, 2, 3), format: npy() });
 * definePersistable({
 *   name: "matrix",
 *   generate: () => ({ data: new Float32Array(6), shape: [2, 3] }),
 *   format: npy({ shaped: true }),
 * });
 * ```
 */
export function npy(options?: { readonly shaped?: false }): FormatFor<NpyArray>;
export function npy(options: { readonly shaped: true }): FormatFor<ShapedArray>;
export function npy(options: { readonly shaped?: boolean } = {}): AnyFormat {
  const { shaped = false } = options;
  const head = { id: shaped ? "npy(shaped)" : "npy", extension: ".npy", inline: false } as const;
  return deferred(head, npyModule, (module) => (shaped ? module.npy({ shaped }) : module.npy()));
}

/**
 * Compresses another format by gzip.
 *
 * @throws RangeError if the level is outside of its scale.
 *
 * @example
 * ```ts
 * import { definePersistable, gzip, json } from "persistable-ts";
 *
 * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: gzip(json()) });
 * ```
 */
export function gzip<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  return compressed(inner, { name: "gzip", extension: ".gz" }, options);
}

/**
 * Compresses another format by brotli, which makes smaller files than gzip and takes longer.
 *
 * @throws RangeError if the level is outside of its scale.
 *
 * @example
 * ```ts
 * import { brotli, definePersistable, json } from "persistable-ts";
 *
 * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: brotli(json(), { level: 5 }) });
 * ```
 */
export function brotli<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  return compressed(inner, { name: "brotli", extension: ".br" }, options);
}

/**
 * Compresses another format by zstd, which is quick.
 *
 * @throws {@link CompressionUnavailableError} on Node before 22.15.
 * @throws RangeError if the level is outside of its scale.
 *
 * @example
 * ```ts
 * import { definePersistable, json, zstd } from "persistable-ts";
 *
 * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: zstd(json()) });
 * ```
 */
export function zstd<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  if (!("zstdCompress" in process.getBuiltinModule("node:zlib")))
    throw new CompressionUnavailableError("zstd", "22.15 or newer");
  return compressed(inner, { name: "zstd", extension: ".zst" }, options);
}

function compressed<Inner extends AnyFormat>(
  inner: Inner,
  { name, extension }: { readonly name: "gzip" | "brotli" | "zstd"; readonly extension: string },
  options: CompressionOptions,
): Inner {
  // The level is checked now, so that a wrong one throws here and not after hours of generating.
  parseLevel(name, options);
  const head = {
    id: `${name}(${inner.id})`,
    extension: `${inner.extension}${extension}`,
    inline: "base64",
  } as const;
  return deferred(head, compressedModule, (module) => module[name](inner, options)) as unknown as Inner;
}

const structuredModule = once(() => import("../structured/structured-format.ts"));
const jsonModule = once(() => import("../json/json-format.ts"));
const textModule = once(() => import("../plain/text-format.ts"));
const bytesModule = once(() => import("../plain/bytes-format.ts"));
const npyModule = once(() => import("../npy/npy-format.ts"));
const compressedModule = once(() => import("../wrappers/compressed-format.ts"));

/** Returns a module if it was imported before, else a promise of it. */
type Deferred<Module> = () => Module | Promise<Module>;

function once<Module>(load: () => Promise<Module>): Deferred<Module> {
  let loaded: Module | undefined;
  return () =>
    loaded ??
    loadPart(load).then((module) => {
      loaded = module;
      return module;
    });
}

/**
 * A format whose id and extension are known at once. Its work is done by a module that the first
 * call loads.
 */
function deferred<Payload, Module extends object>(
  head: Pick<AnyFormat, "id" | "extension" | "inline">,
  moduleOf: Deferred<Module>,
  create: (module: Module) => AnyFormat,
): Omit<Format<Payload>, "stored" | "selectColumns"> {
  let created: Format<Payload> | undefined;
  const run = <Result>(use: (format: Format<Payload>) => Result | Promise<Result>): Result | Promise<Result> => {
    if (created !== undefined) return use(created);
    const settle = (module: Module): Result | Promise<Result> => {
      created ??= create(module) as unknown as Format<Payload>;
      return use(created);
    };
    const module = moduleOf();
    return module instanceof Promise ? module.then(settle) : settle(module);
  };
  return {
    ...head,
    check: (payload) => run((format) => format.check(payload)),
    encode: (payload) => run((format) => format.encode(payload)),
    decode: (bytes, limits) => run((format) => format.decode(bytes, limits)),
  };
}
