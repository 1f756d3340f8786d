import { isErrorOf, messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError, NewerPayloadError, UndeclaredClassError } from "../../errors/format-errors.ts";
import { PersistableError } from "../../errors/persistable-error.ts";
import { at } from "../../util/at.ts";
import { type ClassCodec, decodeInstance } from "../../util/class-codec.ts";
import type { DecodeLimits } from "../format.ts";
import { isOutOfResources, isStackOverflow } from "../out-of-resources.ts";
import { measureStructured } from "./measure-structured.ts";
import { ofOwnRealm } from "./own-realm.ts";
import {
  type Deserializer,
  HEAD_BYTES,
  INLINE,
  INSTANCE,
  MAGIC,
  OUTSIDE_WHOLE,
  paddingAt,
  VIEW_KINDS,
  v8,
  WHOLE_BUFFER,
} from "./structured-wire.ts";

/** Smaller buffers are copied, so that a few bytes do not keep a whole payload in memory. */
const COPY_BELOW_BYTES = 1024 * 1024;

const ABSENT = "they refer to what is not in them";

/** The declared classes by their names in payloads. */
export type ClassesByName = ReadonlyMap<unknown, ClassCodec>;

/** @throws TypeError if two of the classes have the same name. */
export function nameClasses(classes: readonly ClassCodec[]): ClassesByName {
  const named = new Map<unknown, ClassCodec>();
  for (const codec of classes) {
    const { name } = codec;
    if (named.has(name))
      throw new TypeError(
        `Two classes are declared as ${name}: give one of them another name, defineClass(…, { name }).`,
      );
    named.set(name, codec);
  }
  return named;
}

const VERSION = at(MAGIC, 3);

/**
 * Decodes a payload from bytes that may be hostile.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}, {@link NewerPayloadError},
 * {@link UndeclaredClassError}, {@link ClassCodecError}
 */
export function decodeStructured(bytes: Uint8Array, limits: DecodeLimits, classes: ClassesByName): unknown {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("structured", "maxBytes", limits.maxBytes);
  const version = bytes[3] ?? 0;
  if (MAGIC.some((byte, i) => i < 3 && bytes[i] !== byte) || version < VERSION)
    throw new DecodeError("structured", "they do not begin as one");
  if (version > VERSION) throw NewerPayloadError.ofRelease("structured", `in version ${version} of its envelope`);
  if (bytes.length < HEAD_BYTES) throw new DecodeError("structured", "they are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyBytes = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  const bodyStart = HEAD_BYTES + count * 8;
  if (view.getUint32(12, true) !== 0 || bodyStart + bodyBytes > bytes.length)
    throw new DecodeError("structured", "their envelope does not fit them");
  const outside: Uint8Array[] = [];
  let end = bodyStart + bodyBytes;
  for (let i = 0; i < count; i++) {
    const start = end + paddingAt(end);
    end = start + Number(view.getBigUint64(HEAD_BYTES + i * 8, true));
    if (end > bytes.length) throw new DecodeError("structured", "a buffer in them is cut off");
    outside.push(bytes.subarray(start, end));
  }
  if (end !== bytes.length) throw new DecodeError("structured", "more bytes follow");
  return readBody(bytes.subarray(bodyStart, bodyStart + bodyBytes), outside, limits, classes);
}

function readBody(
  body: Uint8Array,
  outside: readonly Uint8Array[],
  limits: DecodeLimits,
  classes: ClassesByName,
): unknown {
  const version = body[1] ?? 0;
  if (body[0] !== 0xff || version === 0) throw new DecodeError("structured", "their body has no header");
  if (version > newestWireVersion())
    throw new NewerPayloadError("structured", `in version ${version} of V8's serialization`);
  const end = measureStructured(body, limits);
  if (end !== undefined && end < body.length) throw new DecodeError("structured", "more bytes follow");
  try {
    return readStructured(body, outside, classes);
  } catch (error) {
    // These errors must not count as damage: the user would lose a sound artifact because of a bug
    // in a class codec or a lack of memory.
    if (error instanceof PersistableError) throw error;
    if (isStackOverflow(error)) throw new DecodeLimitError("structured", "maxDepth", limits.maxDepth, { cause: error });
    if (isOutOfResources(error)) throw error;
    if (isErrorOf("SyntaxError", error))
      throw new NewerPayloadError("structured", `with a regular expression (${error.message})`);
    throw new DecodeError("structured", messageOf(error), { cause: error });
  }
}

let wireVersion: number | undefined;

/** The newest version of V8's serialization that this runtime reads. */
function newestWireVersion(): number {
  wireVersion ??= v8().serialize(0)[1] ?? 0;
  return wireVersion;
}

interface KnownBuffer {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly sizeBytes: number;
}

interface Reader extends Deserializer {
  outside: readonly Uint8Array[];
  readonly instances: unknown[];
}

let readerClass: (new (body: Uint8Array) => Reader) | undefined;

function defineReader(): new (body: Uint8Array) => Reader {
  return class extends v8().Deserializer {
    outside!: readonly Uint8Array[];
    readonly instances: unknown[] = [];
    readonly #buffers: KnownBuffer[] = [];
    #usedOutside = 0;

    // Node's deserializer calls this method, so its name is fixed.
    _readHostObject(): unknown {
      const kind = this.readUint32();
      if (kind === INSTANCE) {
        const number = this.readUint32();
        if (number >= this.instances.length) throw new Error(ABSENT);
        return this.instances[number];
      }
      const name = VIEW_KINDS[kind];
      if (name === undefined) throw NewerPayloadError.ofRelease("structured", `with the kind ${kind} of array`);
      const known = this.#readBuffer();
      if (kind === WHOLE_BUFFER) return known.buffer;
      return createView(name, known, readSize(this), readSize(this));
    }

    #readBuffer(): KnownBuffer {
      const number = this.readUint32();
      const known = this.#buffers[number];
      if (known !== undefined) return known;
      if (number !== this.#buffers.length) throw new Error(ABSENT);
      const made = this.#makeBuffer(this.readUint32());
      this.#buffers.push(made);
      return made;
    }

    #makeBuffer(storage: number): KnownBuffer {
      if (storage === INLINE) return ownBuffer(this.readRawBytes(this.readUint32()));
      if (storage > INLINE) throw NewerPayloadError.ofRelease("structured", `with the kind ${storage} of buffer`);
      const segment = this.outside[this.#usedOutside++];
      if (segment === undefined) throw new Error(ABSENT);
      const { buffer, byteOffset: start, length: sizeBytes } = segment;
      const canShare = start % 8 === 0 && buffer instanceof ArrayBuffer;
      if (storage === OUTSIDE_WHOLE || sizeBytes < COPY_BELOW_BYTES || !canShare) return ownBuffer(segment);
      return { buffer, start, sizeBytes };
    }
  };
}

function readSize(reader: Deserializer): number {
  const [high, low] = reader.readUint64();
  return high * 2 ** 32 + low;
}

function ownBuffer(bytes: Uint8Array): KnownBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return { buffer, start: 0, sizeBytes: bytes.length };
}

function readStructured(body: Uint8Array, outside: readonly Uint8Array[], classes: ClassesByName): unknown {
  readerClass ??= defineReader();
  const reader = new readerClass(body);
  reader.outside = outside;
  reader.readHeader();
  const names: unknown[] = [];
  for (let left = reader.readUint32(); left > 0; left--) names.push(reader.readValue());
  for (let left = reader.readUint32(); left > 0; left--) {
    const name = names[reader.readUint32()];
    if (typeof name !== "string") throw new Error("an instance in them names no class");
    reader.instances.push(makeInstance(name, ofOwnRealm(reader.readValue(), probe), classes));
  }
  return ofOwnRealm(reader.readValue(), probe);
}

function probe(): object {
  return v8().deserialize(v8().serialize({}));
}

function makeInstance(name: string, encoded: unknown, classes: ClassesByName): unknown {
  const codec = classes.get(name);
  if (codec === undefined) throw new UndeclaredClassError(name);
  return decodeInstance(codec, encoded);
}

type ViewClass = { new (buffer: ArrayBuffer, offset: number, length: number): unknown; BYTES_PER_ELEMENT?: number };

function createView(name: (typeof VIEW_KINDS)[number], known: KnownBuffer, offset: number, length: number): unknown {
  const View: ViewClass | undefined = Reflect.get(globalThis, name);
  if (View === undefined) throw new NewerPayloadError("structured", `with a ${name}`);
  const { BYTES_PER_ELEMENT = 1 } = View;
  const elementBytes = name === "Buffer" ? 1 : BYTES_PER_ELEMENT;
  // The range is checked here, so that an error of the constructors means a lack of memory and not
  // damage.
  if (offset % elementBytes !== 0 || offset + length * elementBytes > known.sizeBytes) throw new Error(ABSENT);
  if (name === "Buffer") return Buffer.from(known.buffer, known.start + offset, length);
  return new View(known.buffer, known.start + offset, length);
}
