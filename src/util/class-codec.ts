import { ClassCodecError } from "../errors/user-code-errors.ts";

type AnyClass<Instance> = abstract new (...args: never) => Instance;

/** Turns instances of one class into plain values and back, in params and in payloads. */
export interface ClassCodec<Instance = unknown, Encoded = unknown> {
  /** Represents the class in recipes and payloads: keep it when the class is renamed. */
  readonly name: string;
  readonly class: AnyClass<Instance>;
  encode(instance: Instance): Encoded;
  decode(encoded: Encoded): Instance;
}

/**
 * Declares how instances of a class are encoded. It applies to instances of exactly this class, not
 * to those of subclasses.
 *
 * @example
 * ```ts
 * import { defineClass, definePersistable, structured, typedParams } from "persistable-ts";
 *
 * class Money {
 *   readonly cents: number;
 *   constructor(cents: number) {
 *     this.cents = cents;
 *   }
 * }
 * const money = defineClass(Money, { encode: ({ cents }) => cents, decode: (cents) => new Money(cents) });
 * definePersistable({
 *   name: "invoice",
 *   params: typedParams<{ total: Money }>(),
 *   classes: [money], // in params
 *   format: structured({ classes: [money] }), // in the payload
 *   generate: ({ params }) => [params.total],
 * });
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

/** Finds the codec for exactly the class of this object. */
export function findCodec(classes: readonly ClassCodec[], object: object): ClassCodec | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  return classes.find((codec) => codec.class.prototype === prototype);
}

/**
 * Encodes an instance with its codec.
 *
 * @param place - gives the position of the instance, for the message
 * @throws {@link ClassCodecError} if the codec throws. It is the user's code: no artifact is to
 * blame.
 */
export function encodeInstance(codec: ClassCodec, instance: unknown, place?: () => string): unknown {
  try {
    return codec.encode(instance);
  } catch (cause) {
    throw new ClassCodecError(codec.name, "encode", cause, place?.());
  }
}

/**
 * Decodes an instance with its codec.
 *
 * @throws {@link ClassCodecError} if the codec throws
 */
export function decodeInstance(codec: ClassCodec, encoded: unknown, place?: () => string): unknown {
  try {
    return codec.decode(encoded);
  } catch (cause) {
    throw new ClassCodecError(codec.name, "decode", cause, place?.());
  }
}
