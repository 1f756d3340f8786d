import { describe, expect, test } from "vitest";
import type { Address } from "../../src/address/address.ts";
import {
  encodeBeat,
  encodeClaimHead,
  firstClaimPath,
  newToken,
  outbiddingPath,
  readClaim,
  readClaimChain,
} from "../../src/artifact/lease/lease-claim.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { StorePath } from "../../src/store/store.ts";
import { sharedMemoryStore } from "../support/lease-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const address = "b".repeat(64) as Address;
const owner = { host: "machine-7", pid: 4711, claimedAt: "2026-01-02T03:04:05.678Z" };
const path = firstClaimPath(address);

function put(store: ReturnType<typeof sharedMemoryStore>, text: string, at: StorePath = path): Promise<void> {
  return store.replace(at, [Buffer.from(text)]);
}

describe("a claim", () => {
  test("comes back as it was written, on one line, with its beat behind", async () => {
    const store = sharedMemoryStore();
    const full = { ...owner, startedAt: "815", bootId: "0f", pidNamespace: "pid:[4026531836]" };
    const token = newToken();
    const head = encodeClaimHead(token, full);
    expect(head.indexOf("\n")).toBe(head.length - 1);
    await put(store, head + encodeBeat(7));
    expect(await readClaim(store, path)).toEqual({ path, token, owner: full, beat: encodeBeat(7) });
  });

  test("has beats of one length", () => {
    expect(encodeBeat(0)).toBe("000000000000\n");
    expect(encodeBeat(1234567)).toHaveLength(encodeBeat(0).length);
  });

  test("is missing where there is no file", async () => {
    expect(await readClaim(sharedMemoryStore(), path)).toBeUndefined();
    expect(await readClaimChain(sharedMemoryStore(), address)).toEqual([]);
  });

  const line = (changes: object): string =>
    `${JSON.stringify({ lease: 1, token: "0123456789abcdef", ...owner, ...changes })}\n`;
  test.each([
    ["nothing", ""],
    ["half of it", line({}).slice(0, 30)],
    ["no JSON", "\0\0\0\0\n"],
    ["other JSON", "[1, 2]\nnull\n"],
    ["null", "null\n"],
    ["a newer release", line({ lease: 2 })],
    ["another kind of token", line({ token: "../../../etc" })],
    ["a longer token", line({ token: "0123456789abcdef0" })],
    ["no process", line({ pid: 0 })],
    ["a group of processes", line({ pid: -1 })],
    ["a process that is no number", line({ pid: "1" })],
    ["half a process", line({ pid: 1.5 })],
    ["an empty host", line({ host: "" })],
    ["a host that moves the cursor", line({ host: "a\u001b[2J" })],
    ["a host without an end", line({ host: "x".repeat(256) })],
    ["no time", line({ claimedAt: 7 })],
  ])("with %s in it has no known owner, a token of its own, and beats with each change", async (_, text) => {
    const store = sharedMemoryStore();
    await put(store, text);
    const before = await readClaim(store, path);
    expect(before?.owner).toBeUndefined();
    expect(before?.token).toMatch(/^[0-9a-f]{16}$/);
    expect(await readClaim(store, path)).toEqual(before);
    await put(store, text, outbiddingPath(address, "x"));
    expect((await readClaim(store, outbiddingPath(address, "x")))?.token).not.toBe(before?.token);
    await put(store, `${text} `);
    expect((await readClaim(store, path))?.beat).not.toBe(before?.beat);
    expect((await readClaim(store, path))?.token).not.toBe(before?.token);
  });

  test("leaves out what is not known, or not text", async () => {
    const store = sharedMemoryStore();
    await put(store, line({ bootId: 5, startedAt: "", pidNamespace: null, more: true }));
    expect((await readClaim(store, path))?.owner).toEqual(owner);
  });

  test.each(["a folder", "memory"])("that is far too large is not read, in %s", async (where) => {
    await using folder = await temporaryFolder();
    const store = where === "memory" ? sharedMemoryStore() : fileStore(folder.path);
    await store.replace(path, [new Uint8Array(100_000)]);
    const claim = await readClaim(store, path);
    expect(claim?.owner).toBeUndefined();
    await store.replace(path, [new Uint8Array(100_001)]);
    expect((await readClaim(store, path))?.beat).not.toBe(claim?.beat);
  });
});

describe("a chain of claims", () => {
  test("leads from each claim to the one that outbids it", async () => {
    const store = sharedMemoryStore();
    const tokens = [newToken(), newToken(), newToken()];
    const paths = [path, outbiddingPath(address, tokens[0] ?? ""), outbiddingPath(address, tokens[1] ?? "")];
    for (const [i, at] of paths.entries())
      await put(store, encodeClaimHead(tokens[i] ?? "", owner) + encodeBeat(i), at);
    expect((await readClaimChain(store, address)).map(({ token }) => token)).toEqual(tokens);
    await store.remove(path);
    expect(await readClaimChain(store, address)).toEqual([]);
  });

  test("that leads back into itself ends", async () => {
    const store = sharedMemoryStore();
    const token = newToken();
    const text = encodeClaimHead(token, owner);
    await put(store, text);
    await put(store, text, outbiddingPath(address, token));
    expect((await readClaimChain(store, address)).map((claim) => claim.path)).toEqual([path]);
  });

  test("goes on behind a claim that cannot be understood", async () => {
    const store = sharedMemoryStore();
    await put(store, "?");
    const damaged = await readClaim(store, path);
    await put(store, encodeClaimHead(newToken(), owner), outbiddingPath(address, damaged?.token ?? ""));
    expect(await readClaimChain(store, address)).toHaveLength(2);
  });
});
