import { TAG } from "../canonical/canonical-writer.ts";
import { type CanonicalOptions, encodeCanonical } from "../canonical/encode-canonical.ts";
import type { Address } from "./address.ts";
import { addressOf, hashedOf, hashToAddress, parseAddress, type Recipe } from "./address-of.ts";

/** The part of a recipe that all persistables of one definition share. */
export interface RecipeHead {
  readonly name: string;
  readonly version?: string | number | undefined;
  readonly draw?: number | undefined;
  /** The roles, in the order in which callers pass their addresses. */
  readonly roles: readonly string[];
}

/**
 * Computes addresses of one definition from its own tracked params and the upstream addresses in
 * the order of the roles. The params are a snapshot: a plain object with enumerable data properties
 * alone, no getters.
 */
export type Addresser = (params: Readonly<Record<string, unknown>>, dependencies: readonly Address[]) => Address;

/**
 * Computes the same addresses as `addressOf`, faster: for params of a few numbers, booleans and
 * short texts, the canonical bytes are kept as a layout, and only the values are filled in. A hit
 * computes an address each time; a sweep computes many.
 *
 * @throws what `addressOf` throws; the addresser throws {@link InvalidAddressError} unless it is
 * given one address for each role.
 */
export function createAddresser(head: RecipeHead, options: Pick<CanonicalOptions, "classes"> = {}): Addresser {
  if (new Set(head.roles).size !== head.roles.length)
    throw new TypeError("Each role of a recipe stands for one address.");
  const shapes: Shape[] = [];
  // The next recipe nearly always has the layout of the last one.
  let last: Layout | undefined;
  return (params, dependencies) => {
    if (last !== undefined && fill(last, params, dependencies)) return hashToAddress(last.bytes);
    const layout = findLayout(shapes, head, params);
    if (layout !== undefined && fill(layout, params, dependencies)) {
      last = layout;
      return hashToAddress(layout.bytes);
    }
    return addressOf(recipeOf(head, params, dependencies), options);
  };
}

function recipeOf(head: RecipeHead, params: unknown, dependencies: readonly Address[]): Recipe {
  const { name, version, draw, roles } = head;
  const length = Math.max(roles.length, dependencies.length);
  const checked = Array.from({ length }, (_, i) => [roles[i], parseAddress(dependencies[i] as string)]);
  if (length > roles.length)
    throw new TypeError(`${name} has ${roles.length} roles, and was given ${length} addresses.`);
  return { name, version, draw, params, dependencies: Object.fromEntries(checked) };
}

/**
 * The most shapes of params that are remembered for one definition. If its params have more, to
 * remember all of them would gain nothing.
 */
const MAX_SHAPES = 8;
const MAX_FIELDS = 8;
const MAX_TEXT = 64;
const MAX_LAYOUTS = 256;

/**
 * The kind of a value is the length of a text or one of these constants, which are negative so that
 * no length equals them. Other values are left to the general encoder.
 */
const NUMBER = -1;
const BOOLEAN = -2;
const OTHER = -3;
/** The kinds of up to {@link MAX_FIELDS} fields are the digits of one safe integer in this base. */
const KINDS = MAX_TEXT + 2;

function kindOf(value: unknown): number {
  // A NaN has many bit patterns, which only the general encoder writes as one.
  if (typeof value === "number") return Number.isNaN(value) ? OTHER : NUMBER;
  if (typeof value === "boolean") return BOOLEAN;
  return typeof value === "string" && value.length < MAX_TEXT ? value.length : OTHER;
}

/** Params with the same keys in the same order, and their layouts by the kinds of the values. */
interface Shape {
  readonly keys: readonly string[];
  readonly layouts: Map<number, Layout>;
}

/** The canonical bytes of recipes that differ only in values of the same kinds. */
interface Layout {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly firstField: Field | null;
  /** The offset of the address under each role. */
  readonly roleOffsets: readonly number[];
}

/**
 * One parameter, which leads to the next one: following such a chain is faster than indexing
 * several arrays.
 */
interface Field {
  readonly key: string;
  readonly kind: number;
  /** The offset of the value, after its tag and length; for a boolean, that of its tag. */
  readonly offset: number;
  readonly next: Field | null;
}

/**
 * Fills in the values; returns false if the params or the addresses do not fit the layout. One loop
 * both compares the keys and takes the values, since V8 reads a property that `for … in` has just
 * named straight from its slot.
 */
function fill(layout: Layout, params: Readonly<Record<string, unknown>>, dependencies: readonly Address[]): boolean {
  const { bytes, view, roleOffsets } = layout;
  let field = layout.firstField;
  for (const key in params) {
    if (field === null || field.key !== key) return false;
    // An inherited property, such as one of a polluted `Object.prototype`, is not a parameter.
    // biome-ignore lint/suspicious/noPrototypeBuiltins: V8 knows the answer here, and calls Object.hasOwn: 10 % of an address
    if (!Object.prototype.hasOwnProperty.call(params, key)) return false;
    const value = params[key];
    if (typeof value === "number") {
      // A NaN has many bit patterns, which only the general encoder writes as one.
      if (field.kind !== NUMBER || Number.isNaN(value)) return false;
      view.setFloat64(field.offset, value);
    } else if (typeof value === "string") {
      if (field.kind !== value.length || !writeAscii(bytes, field.offset, value)) return false;
    } else if (typeof value === "boolean") {
      if (field.kind !== BOOLEAN) return false;
      bytes[field.offset] = value ? TAG.true : TAG.false;
    } else return false;
    field = field.next;
  }
  if (field !== null || dependencies.length !== roleOffsets.length) return false;
  return roleOffsets.length === 0 || fillRoles(layout, dependencies);
}

// This is a function of its own to keep `fill` small enough to be compiled into the addresser
// itself.
function fillRoles({ bytes, roleOffsets }: Layout, dependencies: readonly Address[]): boolean {
  for (let i = 0; i < roleOffsets.length; i++) {
    const address = dependencies[i];
    if (typeof address !== "string" || address.length !== ADDRESS_LENGTH) return false;
    if (!writeAscii(bytes, roleOffsets[i] ?? 0, address)) return false;
  }
  return true;
}

/**
 * Writes a text that is ASCII. For any other text it returns false, and the bytes that it has
 * written are useless.
 */
function writeAscii(bytes: Uint8Array, offset: number, text: string): boolean {
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    all |= unit;
    bytes[offset + i] = unit;
  }
  return all < 0x80;
}

function findLayout(shapes: Shape[], head: RecipeHead, params: Readonly<Record<string, unknown>>): Layout | undefined {
  const shape = shapes.find(({ keys }) => hasKeys(params, keys)) ?? addShape(shapes, Object.keys(params));
  if (shape === undefined) return undefined;
  let signature = 0;
  for (const key of shape.keys) {
    const kind = kindOf(params[key]);
    if (kind === OTHER) return undefined;
    signature = signature * KINDS + (kind - BOOLEAN);
  }
  const known = shape.layouts.get(signature);
  if (known !== undefined || shape.layouts.size >= MAX_LAYOUTS) return known;
  const layout = createLayout(
    head,
    shape.keys.map((key) => ({ key, kind: kindOf(params[key]) })),
  );
  shape.layouts.set(signature, layout);
  return layout;
}

function hasKeys(params: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  let i = 0;
  for (const key in params) if (key !== keys[i++]) return false;
  return i === keys.length;
}

function addShape(shapes: Shape[], keys: readonly string[]): Shape | undefined {
  if (shapes.length >= MAX_SHAPES || keys.length > MAX_FIELDS) return undefined;
  const shape = { keys, layouts: new Map<number, Layout>() };
  shapes.push(shape);
  return shape;
}

const ADDRESS_LENGTH = 64;
const ZEROS = parseAddress("0".repeat(ADDRESS_LENGTH));
const ONES = parseAddress("1".repeat(ADDRESS_LENGTH));

/**
 * Finds each value at the first byte where two encodings differ, so that the general encoder stays
 * the only one that knows the format.
 */
function createLayout(head: RecipeHead, fields: readonly Pick<Field, "key" | "kind">[]): Layout {
  const blanks = fields.map(({ kind }) => blankOf(kind, "0"));
  const roles = head.roles.map(() => ZEROS);
  const encode = (values: readonly unknown[], addresses: readonly Address[]): Uint8Array => {
    const params = Object.fromEntries(fields.map(({ key }, i) => [key, values[i]]));
    return encodeCanonical(hashedOf(recipeOf(head, params, addresses)));
  };
  const bytes = new Uint8Array(encode(blanks, roles));
  const differenceFrom = (other: Uint8Array): number => bytes.findIndex((byte, i) => byte !== other[i]);
  let firstField: Field | null = null;
  for (const [i, { key, kind }] of [...fields.entries()].reverse()) {
    // An empty text has no bytes to fill in.
    const offset = kind === 0 ? 0 : differenceFrom(encode(blanks.with(i, blankOf(kind, "1")), roles));
    firstField = { key, kind, offset, next: firstField };
  }
  const roleOffsets = roles.map((_, i) => differenceFrom(encode(blanks, roles.with(i, ONES))));
  return { bytes, view: new DataView(bytes.buffer), firstField, roleOffsets };
}

/**
 * Returns one of two values of a kind whose encodings differ from the first byte of the value on.
 */
function blankOf(kind: number, digit: "0" | "1"): unknown {
  if (kind === BOOLEAN) return digit === "1";
  if (kind === NUMBER) return digit === "1" ? -2 : 0;
  return digit.repeat(kind);
}
