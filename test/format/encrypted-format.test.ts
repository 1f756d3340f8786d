import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { definePersistable } from "../../src/entry/index.ts";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, DecodeLimitError, WrongKeyError } from "../../src/errors/format-errors.ts";
import { DefinitionError } from "../../src/errors/persistable-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { json } from "../../src/format/json/json-format.ts";
import { records } from "../../src/format/lines/records-format.ts";
import { npy } from "../../src/format/npy/npy-format.ts";
import { structured } from "../../src/format/structured/structured-format.ts";
import { gzip } from "../../src/format/wrappers/compressed-format.ts";
import { encrypted } from "../../src/format/wrappers/encrypted-format.ts";
import type { EncryptionKeys, KeySource } from "../../src/format/wrappers/encryption-keys.ts";
import { bytesOf, expectHarmless, reload } from "../support/damaged-copies.ts";
import { runInPlainNode, runWithoutPeers } from "../support/plain-node.ts";
import { sameValue } from "../support/same-value.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const runs = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 20);

let identity = "";
let recipient = "";
let other = "";
beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  other = await generateX25519Identity();
});
const mine = { identity: () => identity };

const runner = { describe, it };
formatConformance(runner, {
  // Otherwise an observer would see that two payloads are the same.
  repeatable: false,
  name: "encrypted(structured)",
  create: () => encrypted(structured(), mine),
  holds: [null, "", { a: new Map([[1, new Date(5)]]) }, new Float64Array(50_000), "x".repeat(65_536)],
  refuses: [() => 1, { a: Promise.resolve(1) }],
});
formatConformance(runner, {
  repeatable: false,
  name: "encrypted(gzip(json)), by a passphrase",
  create: () => encrypted(gzip(json()), { passphrase: "correct horse", workFactor: 10 }),
  holds: [{ a: [1, "ä"] }],
  refuses: [new Date()],
});

test("says in id and extension what is inside", () => {
  const { id, extension, inline } = encrypted(gzip(json()), mine);
  expect([id, extension, inline]).toEqual(["encrypted(gzip(json))", ".json.gz.age", "base64"]);
});

test("formats of what is never in memory are refused before anything is generated", () => {
  expect(() => encrypted(records(), mine)).toThrow(DefinitionError);
});

test("payloads of any length come back, and not a word of them stands in the bytes", async () => {
  const format = encrypted(json(), mine);
  const lengths = fc.oneof(
    fc.nat(300),
    fc.integer({ min: 65_500, max: 65_600 }),
    fc.integer({ min: 131_000, max: 131_100 }),
  );
  await fc.assert(
    fc.asyncProperty(lengths, async (length) => {
      const payload = { text: `patient ${"x".repeat(length)}` };
      const bytes = await bytesOf(format, payload);
      expect(Buffer.from(bytes).includes("patient")).toBe(false);
      expect(sameValue(await format.decode(bytes, defaultDecodeLimits), payload)).toBe(true);
    }),
    { numRuns: runs },
  );
});

test("the same payload gives other bytes each time", async () => {
  const format = encrypted(json(), mine);
  expect(await bytesOf(format, 1)).not.toEqual(await bytesOf(format, 1));
});

describe("keys", () => {
  test("each recipient reads it, with keys of every kind, and nobody else", async () => {
    const hybrid = await generateHybridIdentity();
    const recipients = [recipient, await identityToRecipient(hybrid)];
    const bytes = await bytesOf(encrypted(json(), { recipients }), { a: 1 });
    for (const reader of [identity, hybrid, [other, identity]])
      expect(await encrypted(json(), { identity: reader }).decode(bytes, defaultDecodeLimits)).toEqual({ a: 1 });
    await expect(async () => encrypted(json(), { identity: other }).decode(bytes, defaultDecodeLimits)).rejects.toThrow(
      WrongKeyError,
    );
  });

  test("are fetched when they are needed, each time, and not before", async () => {
    const asked: string[] = [];
    const source =
      (name: string, key: () => string): KeySource<string> =>
      async () => {
        asked.push(name);
        return key();
      };
    const format = encrypted(json(), {
      recipients: source("recipients", () => recipient),
      identity: source("identity", () => identity),
    });
    expect(asked).toEqual([]);
    const bytes = await bytesOf(format, 1);
    expect(asked).toEqual(["recipients"]);
    await format.decode(bytes, defaultDecodeLimits);
    await format.decode(bytes, defaultDecodeLimits);
    expect(asked).toEqual(["recipients", "identity", "identity"]);
  });

  test("may be the text of a file of age-keygen", async () => {
    const file = `# created: 2026-01-01T00:00:00Z\n# public key: ${recipient}\n${identity}\n\n`;
    expect(await reload(encrypted(json(), { identity: file }), { a: 1 })).toEqual({ a: 1 });
  });

  test("that are wrong are named by their format, with what to do, and without themselves", async () => {
    const bytes = await bytesOf(encrypted(json(), mine), 1);
    const byPassphrase = await bytesOf(encrypted(json(), { passphrase: "right", workFactor: 10 }), 1);
    const damaged = `${identity.slice(0, -1)}${identity.endsWith("Q") ? "P" : "Q"}`;
    const cases: [EncryptionKeys, Uint8Array, RegExp][] = [
      [{ identity: other }, bytes, /encrypted\(json\).*none of them opens this payload.*remove\(\)/],
      [{ passphrase: "wrong sesame" }, byPassphrase, /none of them opens this payload/],
      [{ passphrase: "wrong sesame" }, bytes, /none of them opens this payload/],
      [{ identity }, byPassphrase, /none of them opens this payload/],
      [{ recipients: recipient }, bytes, /no identity was given, only recipients/],
      [{ identity: damaged }, bytes, /an identity is damaged/],
      [{ identity: () => "" }, bytes, /the identity is missing/],
      [{ passphrase: () => "" }, bytes, /the passphrase is not a text, or is empty/],
    ];
    for (const [keys, written, problem] of cases) {
      const error: unknown = await Promise.resolve(encrypted(json(), keys).decode(written, defaultDecodeLimits)).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(WrongKeyError);
      expect((error as Error).message).toMatch(problem);
      const shown = inspect(error, { depth: 9, showHidden: true });
      for (const secret of [identity, other, damaged, "wrong sesame"]) expect(shown).not.toContain(secret);
    }
  });

  test("that are none are refused before anything is generated", () => {
    const create = (keys: unknown) => () => encrypted(json(), keys as EncryptionKeys);
    expect(create({})).toThrow(WrongKeyError);
    expect(create({ identity: recipient })).toThrow(/does not begin with AGE-SECRET-KEY-/);
    expect(create({ recipients: identity })).toThrow(/does not begin with age1/);
    expect(create({ recipients: [] })).toThrow(/a recipient is missing/);
    expect(create({ recipients: new Array(101).fill(recipient) })).toThrow(/more than 100 recipients/);
    expect(create({ passphrase: "" })).toThrow(/empty/);
    expect(create({ passphrase: "x", workFactor: 30 })).toThrow(RangeError);
    try {
      create({ recipients: identity })();
    } catch (error) {
      expect(inspect(error)).not.toContain(identity);
    }
    expect(inspect(create({ identity })(), { depth: 9, showHidden: true })).not.toContain(identity);
  });

  test("for a recipient that is damaged are refused when it is written, without the payload", async () => {
    const format = encrypted(json(), { recipients: "age1xyz" });
    await expect(async () => format.encode({ a: 1 })).rejects.toThrow(/a recipient is damaged/);
  });

  test("a failure to fetch them is passed on as it is", async () => {
    const failure = new Error("the vault is closed");
    const format = encrypted(json(), { identity: () => Promise.reject(failure) });
    await expect(async () => format.encode(1)).rejects.toBe(failure);
  });
});

test("an artifact is neither read nor replaced with a wrong key, and no key stands in the store", async () => {
  await using folder = await temporaryFolder();
  let generated = 0;
  const define = (keys: EncryptionKeys) =>
    definePersistable({
      name: "patients",
      format: encrypted(json(), keys),
      generate: () => {
        generated += 1;
        return { patient: "Ada" };
      },
    })({}, { dataDir: folder.path });
  await define({ identity }).loadOrGenerate();
  await expect(define({ identity: other }).loadOrGenerate()).rejects.toThrow(WrongKeyError);
  expect(await define({ identity }).payload).toEqual({ patient: "Ada" });
  expect(generated).toBe(1);
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(1);
  for (const { parentPath, name } of files) {
    const text = readFileSync(path.join(parentPath, name), "latin1");
    for (const secret of [identity, other, "Ada"]) expect(text).not.toContain(secret);
  }
});

describe("bytes that others wrote", () => {
  const decode = (bytes: Uint8Array, limits: object = {}) =>
    Promise.resolve(encrypted(json(), mine).decode(bytes, resolveDecodeLimits(limits)));

  test("damage anywhere behind the header is a DecodeError", async () => {
    const bytes = await bytesOf(encrypted(json(), mine), { text: "x".repeat(70_000) });
    const header = Buffer.from(bytes).indexOf("\n---") + 50;
    for (const at of [header, header + 1000, header + 66_000, bytes.length - 1]) {
      const bad = Uint8Array.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ 1;
      await expect(decode(bad), String(at)).rejects.toThrow(DecodeError);
    }
    for (const cut of [0, 10, header, header + 20, bytes.length - 1])
      await expect(decode(bytes.slice(0, cut)), String(cut)).rejects.toThrow(DecodeError);
    await expect(decode(Uint8Array.from([...bytes, 0]))).rejects.toThrow(DecodeError);
  });

  test("damage that leaves the key readable does no harm, nor does any other", async () => {
    const samples = await Promise.all([
      bytesOf(encrypted(json(), mine), { a: 1 }),
      bytesOf(encrypted(json(), { recipients: [recipient, await identityToRecipient(other)] }), "x".repeat(500)),
    ]);
    const format = encrypted(json(), mine);
    await expectHarmless(samples, mutations, (bytes, limits) => format.decode(bytes, limits), {
      also: [WrongKeyError],
    });
  });

  test("a header without an end, and one that asks for gigabytes, are refused", async () => {
    const stanza =
      "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    const endless = new TextEncoder().encode(`age-encryption.org/v1\n${stanza.repeat(5000)}--- AAAA\n`);
    await expect(decode(endless)).rejects.toThrow(/header does not end/);
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(10);
    encrypter.setPassphrase("x");
    const costly = Buffer.from(await encrypter.encrypt("1"))
      .toString("latin1")
      .replace(/(scrypt \S+) 10/, "$1 20");
    await expect(async () =>
      encrypted(json(), { passphrase: "x" }).decode(Buffer.from(costly, "latin1"), defaultDecodeLimits),
    ).rejects.toThrow(/work factor is 20/);
  });

  test("limits hold for what is encrypted, and for what is inside", async () => {
    const bytes = await bytesOf(encrypted(json(), mine), [[1]]);
    await expect(decode(bytes, { maxBytes: 50 })).rejects.toThrow(DecodeLimitError);
    await expect(decode(bytes, { maxDepth: 1 })).rejects.toThrow(/limits\.maxDepth = 1/);
  });
});

test("a big payload is encrypted and decrypted piece by piece", async () => {
  const big = Float64Array.from({ length: 500_000 }, Math.sqrt);
  const format = encrypted(npy(), mine);
  const chunks = await format.encode(big);
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_536 + 16);
  const loaded = await format.decode(new Uint8Array(Buffer.concat(chunks)), defaultDecodeLimits);
  expect(sameValue(loaded, big)).toBe(true);
});

const hasAge = ((): boolean => {
  try {
    execFileSync("age", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasAge && process.env.CI !== "true")("the age tool (Debian: apt-get install age)", () => {
  test("reads what we wrote, and wrote what we read", async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("key.txt"), `${identity}\n`);
    writeFileSync(folder.join("ours.json.age"), await bytesOf(encrypted(json(), mine), { text: "é".repeat(80_000) }));
    const read = execFileSync("age", ["--decrypt", "-i", folder.join("key.txt"), folder.join("ours.json.age")]);
    expect(JSON.parse(read.toString())).toEqual({ text: "é".repeat(80_000) });
    execFileSync("age", ["--encrypt", "-r", recipient, "-o", folder.join("theirs.age")], { input: '{"a":1}' });
    const theirs = new Uint8Array(readFileSync(folder.join("theirs.age")));
    expect(await encrypted(json(), mine).decode(theirs, defaultDecodeLimits)).toEqual({ a: 1 });
  });
});

test("works in Node as it is, without a bundler or a test runner between", async () => {
  const told = await runInPlainNode(
    "src/entry/formats/encrypted.ts",
    `const inner = { id: "json", extension: ".json", check() {}, encode: (p) => [Buffer.from(JSON.stringify(p))], decode: (b) => JSON.parse(Buffer.from(b)) };
     const format = library.encrypted(inner, { passphrase: "x", workFactor: 10 });
     const payload = { a: 1 };
     await format.check(payload);
     const bytes = new Uint8Array(Buffer.concat(await format.encode(payload)));
     console.log(JSON.stringify(await format.decode(bytes, { maxBytes: 1e9, maxDepth: 1000, maxNodes: 1e6, maxRatio: 1000 })));`,
  );
  expect(told).toEqual(['{"a":1}']);
});

test("without age-encryption, what to install is said when it is first used", async () => {
  const told = await runWithoutPeers(
    "src/entry/formats/encrypted.ts",
    `const tell = (error) => console.log(error instanceof library.MissingPeerError, error.message);
     const inner = { id: "json", extension: ".json", inline: "json", check() {}, encode: () => [new Uint8Array(1)], decode: () => 1 };
     const format = library.encrypted(inner, { passphrase: "x" });
     await format.encode(1).catch(tell);
     await format.decode(new TextEncoder().encode("age-encryption.org/v1\\n---"), { maxBytes: 99 }).catch(tell);`,
  );
  expect(told).toEqual(
    new Array(2).fill("true Encryption needs age-encryption, which is not installed: npm install age-encryption"),
  );
});
