import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import { sha256Hex } from "../util/sha256.ts";
import type { Address } from "./address.ts";
import { addressOf, hashedOf } from "./address-of.ts";

/** The part of a recipe that all persistables of one definition share. */
export interface RecipeHead {
  readonly name: string;
  readonly version?: string | number | undefined;
  readonly draw?: number | undefined;
  /** In the order in which their addresses are given. */
  readonly roles: readonly string[];
}

/** Addresses of one definition: own tracked params, and upstream addresses in the order of the roles. The params must hold data properties alone, no getters. */
export type Addresser = (params: Readonly<Record<string, unknown>>, dependencies: readonly Address[]) => Address;

/**
 * The same addresses as `addressOf`, quicker: for params of a few numbers, booleans and short texts the canonical bytes are kept ready-made,
 * and only the values are filled in. A hit computes an address each time; a sweep computes many.
 */
export function createAddresser(head: RecipeHead, options: Pick<CanonicalOptions, "classes"> = {}): Addresser {
  const shapes: Shape[] = [];
  return (params, dependencies) => {
    const shape = shapes.find((candidate) => candidate.fits(params)) ?? addShape(shapes, head, params);
    return shape?.tryAddress(params, dependencies) ?? addressOf(recipeOf(head, params, dependencies), options);
  };
}

function recipeOf({ name, version, draw, roles }: RecipeHead, params: unknown, dependencies: readonly Address[]) {
  return {
    name,
    version,
    draw,
    params,
    dependencies: Object.fromEntries(roles.map((role, i) => [role, dependencies[i] as Address])),
  };
}

/** Definitions whose params come in more shapes than this gain nothing by remembering them all. */
const MAX_SHAPES = 8;
const MAX_FIELDS = 8;
const MAX_TEXT = 64;
const MAX_LAYOUTS = 256;
/** More than there are kinds of fields: see `signatureOf`. */
const SIGNATURE_BASE = MAX_TEXT + 2;

function addShape(shapes: Shape[], head: RecipeHead, params: Readonly<Record<string, unknown>>): Shape | undefined {
  const keys = Object.keys(params);
  if (
    shapes.length >= MAX_SHAPES ||
    keys.length > MAX_FIELDS ||
    keys.some((key) => key === "__proto__" || !key.isWellFormed())
  )
    return undefined;
  const shape = new Shape(head, keys);
  shapes.push(shape);
  return shape;
}

/** Params with the same keys in the same order. */
class Shape {
  readonly #head: RecipeHead;
  readonly #keys: readonly string[];
  readonly #layouts = new Map<number, Layout>();
  #last: Layout | undefined;

  constructor(head: RecipeHead, keys: readonly string[]) {
    this.#head = head;
    this.#keys = keys;
  }

  fits(params: Readonly<Record<string, unknown>>): boolean {
    const keys = this.#keys;
    let i = 0;
    for (const key in params) if (key !== keys[i++]) return false;
    return i === keys.length;
  }

  /** Undefined where a value is not of the kinds that are kept ready-made. */
  tryAddress(params: Readonly<Record<string, unknown>>, dependencies: readonly Address[]): Address | undefined {
    const signature = this.#signatureOf(params);
    if (signature === -1) return undefined;
    let layout = this.#last;
    if (layout === undefined || layout.signature !== signature) {
      layout = this.#layouts.get(signature) ?? this.#addLayout(signature, params);
      if (layout === undefined) return undefined;
      this.#last = layout;
    }
    return layout.address(params, dependencies);
  }

  /** The kinds of the values, and the lengths of texts, as one number. */
  #signatureOf(params: Readonly<Record<string, unknown>>): number {
    let signature = 0;
    for (const key of this.#keys) {
      const value = params[key];
      let kind: number;
      if (typeof value === "number" && !Number.isNaN(value)) kind = 0;
      else if (typeof value === "boolean") kind = 1;
      else if (typeof value === "string" && value.length < MAX_TEXT && isAscii(value)) kind = 2 + value.length;
      else return -1;
      signature = signature * SIGNATURE_BASE + kind;
    }
    return signature;
  }

  #addLayout(signature: number, params: Readonly<Record<string, unknown>>): Layout | undefined {
    if (this.#layouts.size >= MAX_LAYOUTS) return undefined;
    const layout = new Layout(signature, this.#head, this.#keys, params);
    this.#layouts.set(signature, layout);
    return layout;
  }
}

/** The canonical bytes of recipes that differ in nothing but values of the same kinds and lengths. */
class Layout {
  readonly signature: number;
  readonly #keys: readonly string[];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the value of each key begins, after its tag and length. */
  readonly #offsets: readonly number[];
  readonly #roleOffsets: readonly number[];

  constructor(signature: number, head: RecipeHead, keys: readonly string[], params: Readonly<Record<string, unknown>>) {
    this.signature = signature;
    this.#keys = keys;
    // Each value is found as the place where two encodings differ: so the general encoder stays the only one that knows the format.
    const { bytes, offsets, roleOffsets } = locate(head, keys, params);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#offsets = offsets;
    this.#roleOffsets = roleOffsets;
  }

  address(params: Readonly<Record<string, unknown>>, dependencies: readonly Address[]): Address {
    const bytes = this.#bytes;
    const keys = this.#keys;
    const offsets = this.#offsets;
    for (let i = 0; i < keys.length; i++) {
      const value = params[keys[i] as string];
      const offset = offsets[i] as number;
      if (typeof value === "number") this.#view.setFloat64(offset, value);
      else if (typeof value === "string") writeAscii(bytes, offset, value);
      else bytes[offset] = value === true ? 0x74 : 0x66;
    }
    const roles = this.#roleOffsets;
    for (let i = 0; i < roles.length; i++) writeAscii(bytes, roles[i] as number, dependencies[i] as string);
    return sha256Hex(bytes) as Address;
  }
}

interface Located {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: readonly number[];
  readonly roleOffsets: readonly number[];
}

const ZEROS = "0".repeat(64) as Address;
const ONES = "1".repeat(64) as Address;

function locate(head: RecipeHead, keys: readonly string[], params: Readonly<Record<string, unknown>>): Located {
  const blank = Object.fromEntries(keys.map((key) => [key, blankOf(params[key], "0")]));
  const roles = head.roles.map(() => ZEROS);
  const bytes = new Uint8Array(encode(head, blank, roles));
  const firstDifference = (other: Uint8Array): number => bytes.findIndex((byte, i) => byte !== other[i]);
  const offsets = keys.map((key) => {
    const value = params[key];
    // An empty text has no bytes to fill in.
    if (value === "") return 0;
    return firstDifference(encode(head, { ...blank, [key]: blankOf(value, "1") }, roles));
  });
  const roleOffsets = head.roles.map((_, i) => firstDifference(encode(head, blank, roles.with(i, ONES))));
  return { bytes, offsets, roleOffsets };
}

/** Two values of the same kind and length whose encodings differ from the first byte on. */
function blankOf(value: unknown, digit: "0" | "1"): unknown {
  if (typeof value === "string") return digit.repeat(value.length);
  if (typeof value === "boolean") return digit === "1";
  return digit === "1" ? -2 : 0;
}

function encode(
  head: RecipeHead,
  params: Readonly<Record<string, unknown>>,
  dependencies: readonly Address[],
): Uint8Array {
  return encodeCanonical(hashedOf(recipeOf(head, params, dependencies)));
}

function writeAscii(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
