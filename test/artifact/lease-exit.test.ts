import { readdir } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import type { Address } from "../../src/address/address.ts";
import type { Lease } from "../../src/artifact/lease/lease.ts";
import {
  encodeBeat,
  encodeClaimHead,
  firstClaimPath,
  newToken,
  outbiddingPath,
  readClaim,
} from "../../src/artifact/lease/lease-claim.ts";
import { currentProcess } from "../../src/artifact/lease/process-identity.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { StorePath } from "../../src/store/store.ts";
import { sharedMemoryStore } from "../support/lease-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a process that exits takes along the leases that it holds, and no other ones", async () => {
  // Other test files of this process may have acquired leases: these modules know of none.
  vi.resetModules();
  const { acquireLease } = await import("../../src/artifact/lease/lease.ts");
  await using folder = await temporaryFolder();
  const store = fileStore(folder.path, { durable: false });
  const addressOf = (digit: string): Address => digit.repeat(64) as Address;
  const isDone = (): boolean => false;
  const acquire = (digit: string): Promise<Lease | undefined> => acquireLease(store, addressOf(digit), { isDone });
  const putClaim = (path: StorePath, owner: object): Promise<void> => {
    const head = encodeClaimHead(newToken(), { ...currentProcess(), claimedAt: "now", ...owner });
    return store.replace(path, [Buffer.from(head + encodeBeat(0))]);
  };
  const before = process.listeners("exit");

  await acquire("1");
  await (await acquire("2"))?.release();
  // Taken over from a dead owner.
  await putClaim(firstClaimPath(addressOf("3")), { startedAt: "1" });
  expect((await acquire("3"))?.epoch).toBe(2);
  // Taken over by another process.
  await acquire("4");
  const own = await readClaim(store, firstClaimPath(addressOf("4")));
  await putClaim(outbiddingPath(addressOf("4"), own?.token ?? ""), { pid: process.ppid });
  // Another process took it over and has finished with it, and a third one wants it.
  await acquire("5");
  await putClaim(firstClaimPath(addressOf("5")), { pid: process.ppid });
  // Gone by itself.
  await acquire("6");
  await store.remove(firstClaimPath(addressOf("6")));
  const inMemory = await acquireLease(sharedMemoryStore(), addressOf("1"), { isDone });

  const added = process.listeners("exit").filter((listener) => !before.includes(listener));
  expect(added).toHaveLength(1);
  added[0]?.call(process, 0);
  const left = (await readdir(folder.join(".persistable/leases"))).map((name) => name[0]).sort();
  expect(left).toEqual(["4", "4", "5"]);
  expect(await inMemory?.isCurrent()).toBe(true);
  await inMemory?.release();
});
