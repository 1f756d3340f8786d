import { ClassCodecError } from "../errors/user-code-errors.ts";

type AnyClass<Instance> = abstract new (...args: never) => Instance;

/** How instances of one class become plain values and back, in params and in payloads. */
export interface ClassCodec<Instance = unknown, Encoded = unknown> {
  /** Stands in recipes and payloads for the class: keep it when the class is renamed. */
  readonly name: string;
  readonly class: AnyClass<Instance>;
  encode(instance: Instance): Encoded;
  decode(encoded: Encoded): Instance;
}

/**
 * Declare how instances of a class are encoded. Only instances of exactly this class are meant, not those of subclasses.
 *
 * @example
 * ```ts
 * const money = defineClass(Money, { encode: ({ amount, currency }) => ({ amount, currency }), decode: ({ amount, currency }) => new Money(amount, currency) });
 * definePersistable({ name: "invoice", classes: [money], … });
 * structured({ classes: [money] });
 * ```
 */
export function defineClass<Instance, Encoded>(
  Class: AnyClass<Instance>,
  options: { readonly name?: string; encode(instance: Instance): Encoded; decode(encoded: Encoded): Instance },
): ClassCodec<Instance, Encoded> {
  const { name = Class.name, encode, decode } = options;
  if (name === "" || !name.isWellFormed())
    throw new TypeError('defineClass needs a name for a class without one: { name: "…", encode, decode }.');
  return { name, class: Class, encode: (instance) => encode(instance), decode: (encoded) => decode(encoded) };
}

/** The codec for exactly the class of this object. */
export function findCodec(classes: readonly ClassCodec[], object: object): ClassCodec | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  return classes.find((codec) => codec.class.prototype === prototype);
}

/**
 * What the codec makes of an instance.
 *
 * @param place - where the instance stands, for the message
 * @throws {@link ClassCodecError} where the codec throws: that is the user's code, and says nothing about any artifact.
 */
export function encodeInstance(codec: ClassCodec, instance: unknown, place?: () => string): unknown {
  try {
    return codec.encode(instance);
  } catch (cause) {
    throw new ClassCodecError(codec.name, "encode", cause, place?.());
  }
}

/**
 * The instance again.
 *
 * @throws {@link ClassCodecError} where the codec throws
 */
export function decodeInstance(codec: ClassCodec, encoded: unknown, place?: () => string): unknown {
  try {
    return codec.decode(encoded);
  } catch (cause) {
    throw new ClassCodecError(codec.name, "decode", cause, place?.());
  }
}
