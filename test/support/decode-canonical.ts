/**
 * Decodes canonical bytes by spec/address.md alone: that this can be written proves that no two
 * values share their bytes.
 */
export function decodeCanonical(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes follow`);
  return value;
}

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(): unknown {
    const tag = String.fromCharCode(this.#view.getUint8(this.at++));
    switch (tag) {
      case "u":
        return undefined;
      case "n":
        return null;
      case "t":
        return true;
      case "f":
        return false;
      case "d":
        return this.#double();
      case "i":
        return BigInt(new TextDecoder().decode(this.#take(this.#count())));
      case "s":
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(this.#count()));
      case "w": {
        const units = Buffer.from(this.#take(this.#count())).swap16();
        return units.toString("utf16le");
      }
      case "a":
        return Array.from({ length: this.#count() }, () => this.value());
      case "o": {
        const object = {};
        for (let rest = this.#count(); rest > 0; rest--) {
          const key = this.value() as string;
          Object.defineProperty(object, key, {
            value: this.value(),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        }
        return object;
      }
      case "D":
        return new Date(this.#double());
      case "m":
        return new Map(Array.from({ length: this.#count() }, () => [this.value(), this.value()] as const));
      case "S":
        return new Set(Array.from({ length: this.#count() }, () => this.value()));
      case "r":
        return new RegExp(this.value() as string, this.value() as string);
      case "U":
        return new URL(this.value() as string);
      case "b": {
        const type = this.value() as "Uint8Array" | "Float64Array";
        const content = new Uint8Array(this.#take(this.#count()));
        return new globalThis[type](content.buffer);
      }
      default:
        throw new Error(`unknown tag ${tag} at ${this.at - 1}`);
    }
  }

  #double(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8);
  }

  #count(): number {
    let count = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#view.getUint8(this.at++);
      count += (byte & 0x7f) * shift;
      if (byte < 0x80) return count;
    }
  }

  #take(length: number): Uint8Array {
    this.at += length;
    return this.#bytes.slice(this.at - length, this.at);
  }
}
