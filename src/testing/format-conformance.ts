import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import { defaultDecodeLimits } from "../format/decode-limits.ts";
import type { AnyFormat } from "../format/format.ts";
import { expectEqual, expectRejection, fail } from "./expectation.ts";
import type { TestRunner } from "./store-conformance.ts";

/** A format, and payloads that prove it. */
export interface FormatSubject {
  readonly name: string;
  create(): AnyFormat;
  /** Payloads that it holds. Include the odd ones: empty, large, nested. */
  readonly holds: readonly unknown[];
  /** Payloads that it must refuse. */
  readonly refuses: readonly unknown[];
  /** `false` if a payload gives other bytes each time, as encryption does. Default `true`. */
  readonly repeatable?: boolean;
}

interface LooseFormat {
  readonly id: string;
  readonly extension: string;
  readonly inline: unknown;
  check(payload: unknown): void | Promise<void>;
  encode(payload: unknown): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: typeof defaultDecodeLimits): unknown;
}

/**
 * Prove a format of your own: every promise of `Format`, as tests of your test runner.
 *
 * @example
 * ```ts
 * import { describe, it } from "node:test";
 * import { formatConformance } from "persistable-ts/testing";
 * import { upperCase } from "./pipeline.ts";
 *
 * formatConformance(
 *   { describe, it },
 *   { name: "upper-case", create: () => upperCase, holds: ["", "ABC"], refuses: ["abc"] },
 * );
 * ```
 */
export function formatConformance(runner: TestRunner, subject: FormatSubject): void {
  const create = (): LooseFormat => subject.create() as unknown as LooseFormat;
  runner.describe(`format ${subject.name}`, () => {
    runner.it("has an id and an extension that records and file names can hold", async () => {
      const { id, extension, inline } = create();
      if (!/^[a-z][a-z0-9-]*(\([a-z0-9(),=-]*\))?$/.test(id))
        fail(`the id ${JSON.stringify(id)} has other characters than a-z, 0-9, - and parentheses`);
      if (!/^(\.[a-z0-9]+)+$/.test(extension))
        fail(`the extension ${JSON.stringify(extension)} is not made of lower-case letters and digits after a dot`);
      if (![false, "json", "text", "base64"].includes(inline as string | false)) fail(`inline is ${String(inline)}`);
    });
    for (const [i, payload] of subject.holds.entries()) {
      runner.it(`gives payload ${i} back, in value and type, from bytes that lay in a file`, () =>
        proveHeld(create(), payload),
      );
      runner.it(`gives payload ${i} back from bytes anywhere in a larger buffer`, () =>
        proveShifted(create(), payload),
      );
      if (subject.repeatable === false)
        runner.it(`leaves payload ${i} as it was`, () => proveUntouched(create(), payload));
      else
        runner.it(`writes payload ${i} the same way twice, and leaves it as it was`, () =>
          proveRepeatable(create(), payload),
        );
      runner.it(`does not take a part of payload ${i} for the whole`, () => proveTruncated(create(), payload));
    }
    for (const [i, payload] of subject.refuses.entries()) {
      runner.it(`refuses payload ${i} before it writes a byte`, async () => {
        const error = await expectRejection((async () => create().check(payload))(), "check");
        if (!(error instanceof UnsupportedPayloadError))
          fail(`check threw ${String(error)} instead of an UnsupportedPayloadError`);
      });
    }
  });
}

async function proveHeld(format: LooseFormat, payload: unknown): Promise<void> {
  await format.check(payload);
  const written = await bytesOf(format, payload);
  expectEqual(await format.decode(written, defaultDecodeLimits), payload, "what is decoded");
  if (format.inline === "json" && written.includes(0x0a)) fail("it says that it is one line of JSON, and has several");
}

async function proveShifted(format: LooseFormat, payload: unknown): Promise<void> {
  const written = await bytesOf(format, payload);
  const larger = new Uint8Array(written.length + 13);
  larger.set(written, 7);
  expectEqual(
    await format.decode(larger.subarray(7, 7 + written.length), defaultDecodeLimits),
    payload,
    "what is decoded",
  );
}

async function proveRepeatable(format: LooseFormat, payload: unknown): Promise<void> {
  const first = await bytesOf(format, payload);
  expectEqual(await bytesOf(format, payload), first, "the second encoding");
}

/**
 * Proves that encoding leaves the payload as it was: the second encoding decodes to the same
 * payload as the first one.
 */
async function proveUntouched(format: LooseFormat, payload: unknown): Promise<void> {
  const first = await format.decode(await bytesOf(format, payload), defaultDecodeLimits);
  const second = await format.decode(await bytesOf(format, payload), defaultDecodeLimits);
  expectEqual(second, first, "what is decoded of the second encoding");
}

async function proveTruncated(format: LooseFormat, payload: unknown): Promise<void> {
  const written = await bytesOf(format, payload);
  for (const length of new Set([0, 1, written.length >> 1, written.length - 1])) {
    if (length < 0 || length >= written.length) continue;
    let decoded: unknown;
    try {
      decoded = await format.decode(written.slice(0, length), defaultDecodeLimits);
    } catch {
      continue;
    }
    // Formats without an end mark (text, bytes) may decode a part; the digest finds such damage.
    await expectRejection(
      (async () => expectEqual(decoded, payload, "part"))(),
      `${length} of ${written.length} bytes were taken for all`,
    );
  }
}

async function bytesOf(format: LooseFormat, payload: unknown): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await format.encode(payload)));
}
