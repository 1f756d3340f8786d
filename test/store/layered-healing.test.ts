import { describe, expect, test } from "vitest";
import { CorruptArtifactError } from "../../src/entry/index.ts";
import { type LayeredMode, layeredStore } from "../../src/entry/stores/layered.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { chosenCases, triesAllCases } from "../support/chosen-cases.ts";
import { digestsIn, faultyStore } from "../support/faulty-store.ts";
import { override } from "../support/override-store.ts";
import { damageIn, isPayloadPath, isRecordPath, payloadKinds } from "../support/payload-kinds.ts";

const places = {
  payload: isPayloadPath,
  record: isRecordPath,
  "payload and record": () => true,
} as const;
const ways = ["flip", "cut", "remove"] as const;
const modes: readonly LayeredMode[] = [
  "local:rw,remote:rw",
  "local:rw,remote:r",
  "local:r,remote:rw",
  "local:r,remote:r",
];

const open = (local: Store, remote: Store, mode?: LayeredMode) =>
  layeredStore({ local, remote, mode, onRemoteFailure() {} });

/** Both stores hold what maker 1 has made. */
async function filled(kind: (typeof payloadKinds)[number]) {
  const [local, remote] = [memoryStore(), memoryStore()];
  await kind.ask(open(local, remote), 1, "loadOrGenerate");
  return { local, remote, sound: await digestsIn(remote) };
}

const placesFor = (kind: (typeof payloadKinds)[number]) =>
  Object.entries(places).filter(([place]) => kind.name !== "inline" || place === "record");

describe.each(payloadKinds)("a $name payload that is damaged locally", (kind) => {
  const cases = placesFor(kind).flatMap(([place, isPicked]) => modes.map((mode) => ({ place, isPicked, mode })));
  for (const { place, isPicked, mode } of chosenCases(cases, 5)) {
    test(`is taken from the remote each time, not only the first (${place}, ${mode})`, async () => {
      const { local, remote, sound } = await filled(kind);
      const kept = open(local, remote, mode);
      let round = 0;
      for (const how of [...ways, ...ways])
        for (const asked of ["load", "loadOrGenerate"] as const) {
          expect(await damageIn(local, how, isPicked)).toBeGreaterThan(how === "remove" && mode !== modes[0] ? -1 : 0);
          // Now and then in another process, which knows nothing.
          const store = ++round % 3 === 0 ? open(local, remote, mode) : kept;
          expect(await kind.ask(store, 2, asked), `${how}, ${asked}`).toBe(1);
          expect(await digestsIn(remote)).toEqual(sound);
          // So that there is something to damage in the next round. A file that was handed out
          // has a copy outside the store, which is whole.
          if (mode.startsWith("local:r,") || kind.name === "file") await copy(remote, local);
          else expect(await digestsIn(local)).toEqual(sound);
        }
    });
  }

  test("is generated where the remote has gone away, and the remote keeps what it has", async () => {
    const { local, remote, sound } = await filled(kind);
    const flaky = faultyStore(remote);
    await damageIn(local, "flip", () => true);
    flaky.isDown = true;
    const store = open(local, flaky);
    const refused = await kind.ask(store, 2, "load").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CorruptArtifactError);
    expect((refused as Error).cause).toMatchObject({ systemCode: "ECONNREFUSED" });
    expect(await kind.ask(store, 2, "loadOrGenerate").catch(() => kind.ask(store, 2, "loadOrGenerate"))).toBe(2);
    flaky.isDown = false;
    expect(await digestsIn(remote)).toEqual(sound);
    expect(await kind.ask(remote, 3, "load")).toBe(1);
    expect(await open(local, remote).push()).toMatchObject({ sent: 0, different: 1, failed: 0 });
    expect(await digestsIn(remote)).toEqual(sound);
  });

  test("gives way to the remote that comes back while it is generated again", async () => {
    for (let last = 0; last < 30; last += triesAllCases ? 1 : 4) {
      const { local, remote, sound } = await filled(kind);
      const flaky = faultyStore(remote);
      await damageIn(local, "flip", () => true);
      let calls = 0;
      flaky.fails = () => calls++ < last;
      const store = open(local, flaky);
      const made = await kind.ask(store, 2, "loadOrGenerate").catch(() => kind.ask(store, 2, "loadOrGenerate"));
      expect([1, 2]).toContain(made);
      expect(await digestsIn(remote), `back after ${last} calls`).toEqual(sound);
      if (last === 0) expect(made).toBe(1);
    }
  });
});

describe.each(payloadKinds)("a $name payload that is damaged in the remote", (kind) => {
  const cases = placesFor(kind).flatMap(([place, isPicked]) =>
    modes.slice(0, 3).flatMap((mode) => ways.map((how) => ({ place, isPicked, mode, how }))),
  );
  for (const { place, isPicked, mode, how } of chosenCases(cases, 7)) {
    test(`is generated once, and heals (${place}, ${how}, ${mode})`, async () => {
      const { remote } = await filled(kind);
      await damageIn(remote, how, isPicked);
      const local = memoryStore();
      const loaded: (number | "damaged")[] = [];
      for (let maker = 2; maker < 6; maker++)
        loaded.push(
          await kind.ask(open(local, remote, mode), maker, "loadOrGenerate").catch((error: unknown) => {
            expect(error).toBeInstanceOf(CorruptArtifactError);
            return "damaged" as const;
          }),
        );
      // Of what is handed out as a stream the damage shows only when it is read.
      const [first, ...later] = loaded;
      expect(later).toEqual(Array(3).fill(first === "damaged" ? 3 : 2));
      if (mode !== "local:rw,remote:r") expect(await kind.ask(remote, 9, "load")).toBe(later[0]);
      expect(await kind.ask(open(memoryStore(), local), 9, "load").catch(() => later[0])).toBe(later[0]);
    });
  }
});

describe.each(payloadKinds)("one flipped bit in one answer of the remote, for a $name payload", (kind) => {
  for (const mode of chosenCases(modes, 3))
    test(`changes nothing, and nothing is generated (${mode})`, async () => {
      const { remote, sound } = await filled(kind);
      for (const asked of ["load", "loadOrGenerate"] as const)
        for (let flipped = 0; flipped < 8; flipped++) {
          const store = open(memoryStore(), flippingOnce(remote, flipped), mode);
          expect(await kind.ask(store, 2, asked), `${asked}, answer ${flipped}`).toBe(1);
          expect(await digestsIn(remote)).toEqual(sound);
        }
    });
});

/** The same store; in its nth answer with bytes one bit is another one. */
function flippingOnce(store: Store, nth: number): Store {
  let answers = 0;
  return override(store, {
    read: async (path, options) => {
      const bytes = await store.read(path, options);
      if (bytes === undefined || bytes.length === 0 || path.startsWith(".persistable/") || answers++ !== nth)
        return bytes;
      const at = Math.floor(bytes.length / 3);
      return bytes.with(at, (bytes[at] as number) ^ 4);
    },
  });
}

async function copy(from: Store, to: Store): Promise<void> {
  for await (const { path } of from.list("")) {
    const bytes = await from.read(path);
    if (bytes !== undefined && !path.startsWith(".persistable/")) await to.replace(path, [bytes]);
  }
}
