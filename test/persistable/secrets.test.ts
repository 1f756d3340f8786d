import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import {
  definePersistable,
  InvalidPayloadError,
  PersistableError,
  Secret,
  secret,
  typedParams,
} from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CANARY = 'canary-7f3a"9/+=élan vital-2c5d';

/** The canary in every form in which text usually leaks. */
const forms = [
  CANARY,
  Buffer.from(CANARY).toString("base64"),
  Buffer.from(CANARY).toString("base64url"),
  Buffer.from(CANARY).toString("hex"),
  encodeURIComponent(CANARY),
  JSON.stringify(CANARY).slice(1, -1),
];

function leaks(text: string): string[] {
  return forms.filter((form) => text.includes(form));
}

function everyFile(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

const fetched = definePersistable({
  name: "fetched",
  params: z.object({ url: z.string(), apiKey: z.instanceof(Secret) }),
  generate: ({ params }) => {
    const key = params.apiKey.reveal();
    if (params.url === "fails")
      throw new Error(`GET https://example.com/?key=${encodeURIComponent(String(key))} with ${String(key)} failed`);
    return { length: String(key).length };
  },
});

test("the canary is found by the check where it does leak", () => {
  expect(leaks(`x${Buffer.from(CANARY).toString("hex")}y`)).toHaveLength(1);
});

test("a secret is in no file, log, event, error or inspection, in any encoding, and the generator gets it", async () => {
  await using folder = await temporaryFolder();
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const shown: string[] = [];
  const onEvent = (event: object) =>
    shown.push(
      inspect({ ...event, error: undefined }, { depth: 20, showHidden: true }),
      JSON.stringify({ ...event, error: undefined }),
    );
  const good = fetched({ url: "works", apiKey: secret(CANARY) }, { dataDir: folder.path, onEvent, verbose: true });
  expect(await good.payload).toEqual({ length: CANARY.length });
  const failing = fetched({ url: "fails", apiKey: secret(CANARY) }, { dataDir: folder.path, onEvent, verbose: true });
  await expect(failing.payload).rejects.toThrow("failed");
  for (const persistable of [good, failing]) {
    shown.push(
      inspect(persistable, { depth: 20, showHidden: true }),
      JSON.stringify(persistable),
      String(persistable),
      inspect(persistable.params),
      JSON.stringify(persistable.params),
    );
    shown.push(
      inspect(persistable.paramsTree, { depth: 20, showHidden: true }),
      String(JSON.stringify(await persistable.record())),
      inspect(await persistable.explain(), { depth: 20 }),
    );
  }
  const missed = await failing.load().catch((error: unknown) => error);
  shown.push(inspect(missed, { depth: 20, showHidden: true }), String((missed as PersistableError).stack));
  shown.push(...stderr.mock.calls.map(([text]) => String(text)));
  stderr.mockRestore();
  for (const file of everyFile(folder.path)) shown.push(readFileSync(file, "utf8"), readFileSync(file, "latin1"));
  expect(shown.some((text) => text.includes("[secret]"))).toBe(true);
  expect(shown.flatMap(leaks)).toEqual([]);
});

test("a secret does not enter the address, and is not needed to load", async () => {
  await using folder = await temporaryFolder();
  const first = fetched({ url: "works", apiKey: secret("first-key") }, { dataDir: folder.path });
  const other = fetched({ url: "works", apiKey: secret("other-key") }, { dataDir: folder.path });
  expect(other.address).toBe(first.address);
  await first.payload;
  expect(await other.load()).toEqual({ length: 9 });
  expect((await first.record())?.params).toEqual({ url: "works" });
});

test("what looks like a credential is refused by name and by form, without repeating it", () => {
  const open = definePersistable({ name: "open", params: typedParams<Record<string, unknown>>(), generate: () => 0 });
  for (const params of [
    { apiKey: "abc" },
    { nested: { password: "abc" } },
    { x: "ghp_0123456789abcdefghijklmnopqrstuvwxyz" },
    { x: "https://user:pass@example.com/" },
  ]) {
    const error = (() => {
      try {
        return open(params);
      } catch (error) {
        return error;
      }
    })();
    expect(error).toBeInstanceOf(PersistableError);
    expect((error as PersistableError).code).toBe("PERSISTABLE_CREDENTIAL_IN_PARAMS");
    expect((error as Error).message).toMatch(/secret\(/);
    expect((error as Error).message).not.toContain("ghp_0123456789");
  }
  expect(open({ maxTokens: 5, tokenizer: "bert" }).address).toHaveLength(64);
  const allowed = definePersistable({
    name: "open",
    allowCredentials: ["token"],
    params: typedParams<{ token: string }>(),
    generate: () => 0,
  });
  expect(allowed({ token: "<pad>" }).address).toHaveLength(64);
});

test("allowCredentials: true lets content say anything, and secrets stay secret", async () => {
  await using folder = await temporaryFolder();
  const answers = definePersistable({
    name: "answers",
    allowCredentials: true,
    params: typedParams<{ prompt: unknown; key: unknown }>(),
    generate: () => 1,
  });
  const prompt = [
    { input: { token: "abc", password: "abc" } },
    "Is ghp_0123456789abcdefghijklmnopqrstuvwxyz a token?",
    "https://user:pass@example.com/",
  ];
  const answer = answers({ prompt, key: secret(CANARY) }, { dataDir: folder.path });
  expect(await answer.payload).toBe(1);
  expect((await answer.record())?.params).toMatchObject({ prompt });
  for (const file of everyFile(folder.path)) expect(leaks(readFileSync(file, "utf8"))).toEqual([]);
});

test("an untracked value of a call is recorded, and so must be no credential either", async () => {
  await using folder = await temporaryFolder();
  const plain = definePersistable({ name: "plain", generate: () => 1 });
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  await expect(
    plain({}, { dataDir: folder.path, logger }).loadOrGenerate({ untracked: { apiKey: "abc" } }),
  ).rejects.toThrow(/untracked\.apiKey/);
  await plain({}, { dataDir: folder.path, logger }).loadOrGenerate({ untracked: { apiKey: secret(CANARY) } });
  for (const file of everyFile(folder.path)) expect(leaks(readFileSync(file, "utf8"))).toEqual([]);
});

test("a secret below the top level is refused, with its path", () => {
  const open = definePersistable({ name: "open", params: typedParams<Record<string, unknown>>(), generate: () => 0 });
  expect(() => open({ auth: { key: secret("x") } })).toThrow(/params\.auth\.key/);
});

test("an invalid payload names no secret", async () => {
  await using folder = await temporaryFolder();
  const checked = definePersistable({
    name: "checked",
    params: z.object({ key: z.instanceof(Secret) }),
    generate: () => 1,
    validate: () => {
      throw new InvalidPayloadError("no");
    },
  });
  const error = await checked(
    { key: secret(CANARY) },
    { dataDir: folder.path, logger: { debug() {}, info() {}, warn() {}, error() {} } },
  ).payload.catch((e: unknown) => e);
  expect(leaks(inspect(error, { depth: 10, showHidden: true }))).toEqual([]);
});
