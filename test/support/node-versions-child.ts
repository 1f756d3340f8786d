// Writes payloads with this Node, or reads what another wrote: `write FOLDER`, `read FOLDER`.
// Bundled, so that every Node runs it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { structured } from "../../src/format/structured/structured-format.ts";
import { type ClassCodec, defineClass } from "../../src/util/class-codec.ts";
import { sameValue } from "./same-value.ts";

class Link {
  readonly next: unknown;
  constructor(next: unknown) {
    this.next = next;
  }
}

const link = defineClass(Link, { encode: ({ next }) => next, decode: (next) => new Link(next) });
const format = structured({ classes: [link as unknown as ClassCodec] });

function chain(wrap: (inner: unknown) => unknown): unknown {
  let inner: unknown = 1;
  for (let i = 0; i < 500; i++) inner = wrap(inner);
  return inner;
}

const shared = Float64Array.from({ length: 200_000 }, (_, i) => i / 3);
const Float16 = (globalThis as { Float16Array?: { from(numbers: number[]): ArrayBufferView } }).Float16Array;

/** Each Node makes its own payloads; those that a Node lacks are missing there. */
const payloads: Record<string, () => unknown> = {
  numbers: () => [0, -0, 1.5, Number.NaN, -(2 ** 31), 2 ** 53, 2n ** 70n, -1n],
  text: () => ["", "é", "ł😀", "\ud800", "x".repeat(100_000)],
  containers: () => new Map<unknown, unknown>([["a", new Set([{ b: [undefined, null, true] }])]]),
  holes: () => Object.assign(new Array(5), { 2: "two", own: 1 }),
  dates: () => [new Date(5), new Date(Number.NaN)],
  expressions: () => [/a\/b/dgimsuy, expressionOf("[\\p{L}--a]", "v")],
  arrays: () => [new Int8Array(3), BigInt64Array.of(-1n), new DataView(new ArrayBuffer(4), 1), Buffer.from("abc")],
  "big arrays": () => ({ shared, part: shared.subarray(10, 190_000), buffer: new ArrayBuffer(70_000) }),
  instances: () => ({ links: [new Link(new Link(shared)), new Link([1])] }),
  "deep objects": () => chain((inner) => ({ inner })),
  "deep arrays": () => chain((inner) => [inner]),
  "deep instances": () => chain((inner) => new Link(inner)),
  ...(Float16 === undefined ? {} : { float16: () => Float16.from([1.5, -0]) }),
  ...(isExpression("(?i:a)b") ? { modifiers: () => expressionOf("(?i:a)b") } : {}),
};

function isExpression(source: string): boolean {
  try {
    return expressionOf(source) !== undefined;
  } catch {
    return false;
  }
}

/** No literal, which an older Node would not even load. */
function expressionOf(source: string, flags?: string): RegExp {
  return new RegExp(source, flags);
}

async function write(folder: string): Promise<void> {
  for (const [name, create] of Object.entries(payloads)) {
    const payload = create();
    await format.check(payload);
    writeFileSync(`${folder}/${name}`, Buffer.concat(await format.encode(payload)));
  }
}

/** Prints, for each file, `equal`, `different`, or the name of the error. */
async function read(folder: string): Promise<void> {
  const outcomes: Record<string, string> = {};
  for (const name of readdirSync(folder)) {
    try {
      const loaded = await format.decode(new Uint8Array(readFileSync(`${folder}/${name}`)), defaultDecodeLimits);
      outcomes[name] = sameValue(loaded, payloads[name]?.()) ? "equal" : "different";
    } catch (error) {
      outcomes[name] = (error as Error).constructor.name;
    }
  }
  process.stdout.write(JSON.stringify(outcomes));
}

const [, , what, folder = ""] = process.argv;
await (what === "write" ? write(folder) : read(folder));
