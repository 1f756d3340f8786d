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
 *
 * @param isShallow - whether each object among the values is a list or a plain object of
 * primitives, with enumerable data properties alone
 */
export type Addresser = (
  params: Readonly<Record<string, unknown>>,
  dependencies: readonly Address[],
  isShallow?: boolean,
) => Address;

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
  const layouts = new Map<string, Layout>();
  // The next recipe nearly always has the layout of the last one.
  let last: Layout | undefined;
  let isFirst = true;
  return (params, dependencies, isShallow = false) => {
    if (last !== undefined && fill(last, params, dependencies, isShallow)) return hashToAddress(last.bytes);
    // Making a layout takes as long as many addresses, and many programs need one address alone.
    const layout = isFirst ? undefined : findLayout(layouts, head, params, isShallow);
    isFirst = false;
    if (layout !== undefined && fill(layout, params, dependencies, isShallow)) {
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

/** The most fields of a layout, those of lists and objects among the params included. */
const MAX_FIELDS = 16;
const MAX_TEXT = 64;
/**
 * The most layouts that are remembered for one definition. If its params have more, to remember all
 * of them would gain nothing.
 */
const MAX_LAYOUTS = 1000;

/**
 * The kind of a value is the length of a text or one of these constants, which are negative so that
 * no length equals them. Other values are left to the general encoder.
 */
const NUMBER = -1;
const BOOLEAN = -2;
const LIST = -3;
const RECORD = -4;
const OTHER = -5;

function kindOf(value: unknown): number {
  // A NaN has many bit patterns, which only the general encoder writes as one.
  if (typeof value === "number") return Number.isNaN(value) ? OTHER : NUMBER;
  if (typeof value === "boolean") return BOOLEAN;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? LIST : RECORD;
  return typeof value === "string" && value.length < MAX_TEXT ? value.length : OTHER;
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
  /** The first of the values in a list or an object, which has them under its keys. */
  readonly inner: Field | null;
  readonly next: Field | null;
}

/** Fills in the values; returns false if the params or the addresses do not fit the layout. */
function fill(
  layout: Layout,
  params: Readonly<Record<string, unknown>>,
  dependencies: readonly Address[],
  isShallow: boolean,
): boolean {
  const { roleOffsets } = layout;
  if (!fillFields(layout, layout.firstField, params, isShallow)) return false;
  if (dependencies.length !== roleOffsets.length) return false;
  return roleOffsets.length === 0 || fillRoles(layout, dependencies);
}

/**
 * One loop both compares the keys and takes the values, since V8 reads a property that `for … in`
 * has just named straight from its slot.
 */
function fillFields(
  layout: Layout,
  first: Field | null,
  params: Readonly<Record<string, unknown>>,
  isShallow: boolean,
): boolean {
  const { bytes, view } = layout;
  let field = first;
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
    } else if (!isShallow || !fillInner(layout, field, value)) return false;
    field = field.next;
  }
  return field === null;
}

function fillInner(layout: Layout, { kind, inner }: Field, value: unknown): boolean {
  if ((kind !== LIST && kind !== RECORD) || kindOf(value) !== kind) return false;
  return fillFields(layout, inner, value as Readonly<Record<string, unknown>>, false);
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

function findLayout(
  layouts: Map<string, Layout>,
  head: RecipeHead,
  params: Readonly<Record<string, unknown>>,
  isShallow: boolean,
): Layout | undefined {
  const described = describeFields(params, isShallow);
  if (described === undefined) return undefined;
  const signature = signatureOf(described);
  const known = layouts.get(signature);
  if (known !== undefined || layouts.size >= MAX_LAYOUTS) return known;
  const layout = createLayout(head, described);
  layouts.set(signature, layout);
  return layout;
}

/** A parameter without its value. */
interface DescribedField {
  readonly key: string;
  readonly kind: number;
  readonly inner: readonly DescribedField[];
}

/** Returns `undefined` for params that only the general encoder can write. */
function describeFields(
  params: Readonly<Record<string, unknown>>,
  isShallow: boolean,
): readonly DescribedField[] | undefined {
  if (Array.isArray(params) && params.length > MAX_FIELDS) return undefined;
  const fields: DescribedField[] = [];
  let count = 0;
  for (const key of Object.keys(params)) {
    const value = params[key];
    const kind = kindOf(value);
    const isContainer = kind === LIST || kind === RECORD;
    if (kind === OTHER || (isContainer && !isShallow)) return undefined;
    const inner = isContainer ? describeFields(value as Readonly<Record<string, unknown>>, false) : [];
    if (inner === undefined) return undefined;
    count += 1 + inner.length;
    if (count > MAX_FIELDS) return undefined;
    fields.push({ key, kind, inner });
  }
  return fields;
}

/** The same for the same keys and kinds alone: each key is preceded by its length. */
function signatureOf(fields: readonly DescribedField[]): string {
  let text = "";
  for (const { key, kind, inner } of fields)
    text += `${key.length}:${key}${kind};${inner.length === 0 ? "" : `(${signatureOf(inner)})`}`;
  return text;
}

const ADDRESS_LENGTH = 64;
const ZEROS = parseAddress("0".repeat(ADDRESS_LENGTH));
const ONES = parseAddress("1".repeat(ADDRESS_LENGTH));

/**
 * Finds each value at the first byte where two encodings differ, so that the general encoder stays
 * the only one that knows the format.
 */
function createLayout(head: RecipeHead, described: readonly DescribedField[]): Layout {
  const roles = head.roles.map(() => ZEROS);
  /** All values are blanks of digit 0, but that of the marked field. */
  const encode = (marked: DescribedField | undefined, addresses: readonly Address[]): Uint8Array =>
    encodeCanonical(hashedOf(recipeOf(head, recordOf(described, marked), addresses)));
  const bytes = new Uint8Array(encode(undefined, roles));
  const differenceFrom = (other: Uint8Array): number => bytes.findIndex((byte, i) => byte !== other[i]);
  const chain = (fields: readonly DescribedField[]): Field | null => {
    let next: Field | null = null;
    for (const field of fields.toReversed()) {
      const { key, kind } = field;
      // An empty text has no bytes to fill in, and a list or an object has those of its values.
      const isFilled = kind !== 0 && kind !== LIST && kind !== RECORD;
      const offset = isFilled ? differenceFrom(encode(field, roles)) : 0;
      next = { key, kind, offset, inner: chain(field.inner), next };
    }
    return next;
  };
  const firstField = chain(described);
  const roleOffsets = roles.map((_, i) => differenceFrom(encode(undefined, roles.with(i, ONES))));
  return { bytes, view: new DataView(bytes.buffer), firstField, roleOffsets };
}

function recordOf(fields: readonly DescribedField[], marked: DescribedField | undefined): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.key, blankOf(field, marked)]));
}

/**
 * Returns one of two values of a kind, the other one for the marked field. Their encodings differ
 * from the first byte of the value on.
 */
function blankOf(field: DescribedField, marked: DescribedField | undefined): unknown {
  const { kind, inner } = field;
  if (kind === LIST) return inner.map((one) => blankOf(one, marked));
  if (kind === RECORD) return recordOf(inner, marked);
  if (kind === BOOLEAN) return field === marked;
  if (kind === NUMBER) return field === marked ? -2 : 0;
  return (field === marked ? "1" : "0").repeat(kind);
}
