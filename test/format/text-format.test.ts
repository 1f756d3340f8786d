import { expect, test } from "vitest";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { text } from "../../src/format/plain/text-format.ts";
import { encodeInline } from "../../src/record/encode-inline.ts";
import { decodeInline } from "../../src/record/inline-payload.ts";

test.each(["\ufeffa byte order mark", "", 'quotes " and \\ and \n', "😀\u2028"])(
  "%j comes back from inside a record",
  async (payload) => {
    const bytes = new Uint8Array(Buffer.concat(await text().encode(payload)));
    const line = new TextEncoder().encode(encodeInline("text", bytes));
    expect(await text().decode(new Uint8Array(decodeInline("text", line)), defaultDecodeLimits)).toBe(payload);
  },
);
