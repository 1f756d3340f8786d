import { describe, expect, test } from "vitest";
import { definePersistable, StoreIoError, typedParams } from "../../src/entry/index.ts";
import { plan } from "../../src/entry/pipeline.ts";
import { layeredStore } from "../../src/entry/stores/layered.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { brokenArtifacts, digestsIn, type FaultyStore, faultyStore } from "../support/faulty-store.ts";
import { damageIn, isPayloadPath, isRecordPath, type PayloadKind, payloadKinds } from "../support/payload-kinds.ts";

const open = (local: Store, remote: Store) => layeredStore({ local, remote, onRemoteFailure() {} });

/** Both stores hold what maker 1 has made, and the remote can go away. */
async function filled(kind: PayloadKind) {
  const [local, remote] = [memoryStore(), faultyStore(memoryStore())];
  await kind.ask(open(local, remote), 1, "loadOrGenerate");
  return { local, remote };
}

async function whileAway<Value>(remote: FaultyStore, work: () => Promise<Value>): Promise<Value> {
  remote.isDown = true;
  try {
    return await work();
  } finally {
    remote.isDown = false;
  }
}

describe.each(payloadKinds)("a $name payload, while the remote is away:", (kind) => {
  test("what was made is sent by push, and then present", async () => {
    const [local, remote] = [memoryStore(), faultyStore(memoryStore())];
    expect(await whileAway(remote, () => kind.ask(open(local, remote), 1, "loadOrGenerate"))).toBe(1);
    expect(await open(local, remote).push()).toMatchObject({ sent: 1, present: 0, different: 0, failed: 0 });
    expect(await open(local, remote).push()).toMatchObject({ sent: 0, present: 1, different: 0, failed: 0 });
    expect(await kind.ask(remote, 2, "load")).toBe(1);
  });

  test("what was replaced is counted as different by push, which leaves no orphan", async () => {
    const { local, remote } = await filled(kind);
    const before = await digestsIn(remote);
    await whileAway(remote, () => kind.ask(open(local, remote), 2, "generate"));
    for (let time = 0; time < 2; time++)
      expect(await open(local, remote).push()).toMatchObject({ sent: 0, present: 0, different: 1, failed: 0 });
    expect(await digestsIn(remote)).toEqual(before);
    expect(await kind.ask(open(local, remote), 3, "load")).toBe(2);
    expect(await kind.ask(remote, 3, "load")).toBe(1);
  });

  test("what was replaced is settled by push as it is told to", async () => {
    for (const different of ["send", "take"] as const) {
      const { local, remote } = await filled(kind);
      await whileAway(remote, () => kind.ask(open(local, remote), 2, "generate"));
      const pushed = await open(local, remote).push({ different });
      expect(pushed).toMatchObject({ [different === "send" ? "sent" : "taken"]: 1, different: 0, failed: 0 });
      expect(await open(local, remote).push({ different })).toMatchObject({ present: 1, different: 0, failed: 0 });
      const wins = different === "send" ? 2 : 1;
      for (const store of [open(local, remote), remote, local]) expect(await kind.ask(store, 3, "load")).toBe(wins);
      expect(await brokenArtifacts(remote)).toEqual([]);
      // Nothing is left of the one that lost, but in the local store, whose readers may still have
      // it open.
      expect((await digestsIn(remote)).size).toBe(await sizeOfOne(kind));
    }
  });

  test("what was removed stays removed, for the next process as well, and push removes it there", async () => {
    const { local, remote } = await filled(kind);
    expect(await whileAway(remote, () => kind.at(open(local, remote)).remove())).toBe(true);
    for (const store of [open(local, remote), open(local, remote)]) {
      expect(await kind.at(store).isPersisted()).toBe(false);
      expect(await listed(store)).toEqual([]);
    }
    expect((await digestsIn(remote)).size).toBeGreaterThan(0);
    expect(await open(local, remote).push()).toMatchObject({ removed: 1, sent: 0, failed: 0 });
    expect(await digestsIn(remote)).toEqual(new Map());
    expect(await open(local, remote).push()).toMatchObject({ removed: 0, failed: 0 });
  });

  test("what was removed, and then made again, takes the place of the earlier one", async () => {
    for (const isAwayToo of [false, true]) {
      const { local, remote } = await filled(kind);
      await whileAway(remote, () => kind.at(open(local, remote)).remove());
      const make = () => kind.ask(open(local, remote), 2, "loadOrGenerate");
      expect(await (isAwayToo ? whileAway(remote, make) : make())).toBe(2);
      expect(await open(local, remote).push()).toMatchObject({ different: 0, failed: 0, removed: 0 });
      for (const store of [open(local, remote), remote, open(memoryStore(), remote)])
        expect(await kind.ask(store, 3, "load")).toBe(2);
      expect((await digestsIn(remote)).size).toBe(await sizeOfOne(kind));
    }
  });

  test("a removal does not mean what another machine has put there since", async () => {
    const { local, remote } = await filled(kind);
    await whileAway(remote, () => kind.at(open(local, remote)).remove());
    await kind.ask(remote, 2, "generate");
    expect(await kind.ask(open(local, remote), 3, "load")).toBe(2);
    expect(await open(local, remote).push()).toMatchObject({ removed: 0, failed: 0 });
    expect(await kind.ask(remote, 3, "load")).toBe(2);
  });

  test("a removal of what only the remote may have is refused", async () => {
    const { remote } = await filled(kind);
    const before = await digestsIn(remote);
    const store = open(memoryStore(), remote);
    await expect(whileAway(remote, () => kind.at(store).remove())).rejects.toBeInstanceOf(StoreIoError);
    expect(await digestsIn(remote)).toEqual(before);
    expect(await kind.ask(store, 2, "load")).toBe(1);
  });

  test("push sends nothing that is damaged here, and takes what the remote has whole", async () => {
    for (const isPicked of [isRecordPath, isPayloadPath]) {
      if (kind.name === "inline" && isPicked === isPayloadPath) continue;
      const [local, remote] = [memoryStore(), memoryStore()];
      await kind.ask(local, 1, "generate");
      await damageIn(local, "flip", isPicked);
      expect(await open(local, remote).push()).toMatchObject({ sent: 0, damaged: 1, failed: 0 });
      expect(await brokenArtifacts(remote)).toEqual([]);
      expect([...(await digestsIn(remote)).keys()].filter(isRecordPath)).toEqual([]);
    }
    const { local, remote } = await filled(kind);
    const sound = await digestsIn(remote);
    await damageIn(local, "flip", isRecordPath);
    expect(await open(local, remote).push()).toMatchObject({ taken: 1, damaged: 0, failed: 0 });
    expect(await digestsIn(remote)).toEqual(sound);
    expect(await digestsIn(local)).toEqual(sound);
  });

  test("push brings back a payload that was lost in the remote", async () => {
    if (kind.name === "inline") return;
    const { local, remote } = await filled(kind);
    const sound = await digestsIn(remote);
    await damageIn(remote, "remove", isPayloadPath);
    await open(local, remote).push();
    expect(await digestsIn(remote)).toEqual(sound);
  });

  test("whatever call of a push fails, no half artifact is in the remote, and a second push settles it", async () => {
    for (const how of [true, "late"] as const)
      for (let failing = 0; failing < 14; failing++) {
        const { local, remote } = await filled(kind);
        await whileAway(remote, () => kind.ask(open(local, remote), 2, "generate"));
        let calls = 0;
        remote.fails = () => calls++ === failing && how;
        await open(local, remote).push({ different: "send" });
        remote.fails = () => false;
        expect(await brokenArtifacts(remote), `call ${failing}, ${how}`).toEqual([]);
        await open(local, remote).push({ different: "send" });
        expect(await kind.ask(remote, 3, "load")).toBe(2);
      }
  });
});

async function sizeOfOne(kind: PayloadKind): Promise<number> {
  const store = memoryStore();
  await kind.ask(store, 1, "generate");
  return (await digestsIn(store)).size;
}

async function listed(store: Store): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list("")) if (isRecordPath(path)) paths.push(path);
  return paths;
}

test("a plan and a miss say that a store does not answer, not that nothing was generated", async () => {
  const [local, remote] = [memoryStore(), faultyStore(memoryStore())];
  const points = definePersistable({
    name: "points",
    params: typedParams<{ n: number }>(),
    generate: ({ params }) => params.n,
  });
  await points({ n: 1 }, { dataDir: remote }).payload;
  await points({ n: 2 }, { dataDir: local }).payload;
  const dataDir = open(local, remote);
  await whileAway(remote, async () => {
    const planned = await plan(points({ n: 1 }, { dataDir }));
    expect(planned.nodes[0]?.reason).toEqual({ kind: "unreachable", problem: expect.stringContaining("memory:") });
    expect(planned.causes.map(({ what, name }) => [what, name])).toEqual([["unreachable", "points"]]);
    expect(String(planned)).toContain("1 miss: points may exist in a store that does not answer");
    const lines: string[] = [];
    const note = (line: string) => void lines.push(line);
    await points({ n: 1 }, { dataDir, logger: { debug: note, info: note, warn: note, error: note } }).payload;
    expect(lines.join("\n")).toMatch(/it may exist in a store that does not answer: .*memory:/);
  });
  const planned = await plan(points({ n: 3 }, { dataDir: open(memoryStore(), remote) }));
  expect(planned.nodes[0]?.reason).toMatchObject({ kind: "params-changed", changes: [{ nearestValue: 1 }] });
});
