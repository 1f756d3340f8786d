import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { records } from "../../src/entry/formats/records.ts";
import { definePersistable } from "../../src/entry/index.ts";
import { streamPayload } from "../../src/entry/stream.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function defineTokens(onNext: (token: number) => void = () => {}, failAt = Number.POSITIVE_INFINITY) {
  return definePersistable({
    name: "tokens",
    format: records<{ token: number }>(),
    generate: async function* ({ signal }) {
      for (let token = 0; token < 10; token++) {
        signal.throwIfAborted();
        if (token === failAt) throw new Error("the model hung up");
        onNext(token);
        yield { token };
      }
    },
  });
}

function payloadFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(ndjson|json)$/.test(name));
}

describe("streamPayload", () => {
  it("gives the items while they are generated, and the generator waits for the reader", async () => {
    await using folder = await temporaryFolder();
    const happened: string[] = [];
    const tokens = defineTokens((token) => happened.push(`made ${token}`));
    for await (const { token } of streamPayload(tokens({}, { dataDir: folder.path }))) {
      happened.push(`read ${token}`);
      await sleep(1);
    }
    for (let token = 0; token < 10; token++) {
      const read = happened.indexOf(`read ${token}`);
      expect(happened.indexOf(`made ${token}`)).toBeLessThan(read);
      // One item is under way to the store while the reader has the one before.
      if (token < 8) expect(read).toBeLessThan(happened.indexOf(`made ${token + 2}`));
    }
  });

  it("publishes at the end, and replays afterwards", async () => {
    await using folder = await temporaryFolder();
    let made = 0;
    const tokens = defineTokens(() => made++);
    const read = async (): Promise<number[]> => {
      const all: number[] = [];
      for await (const item of streamPayload(tokens({}, { dataDir: folder.path }))) {
        all.push(item.token);
        // What a reader does to an item must not get into the store.
        item.token = -1;
      }
      return all;
    };
    expect(await read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(made).toBe(10);
  });

  it("aborts the generator when the reader leaves, and publishes nothing", async () => {
    await using folder = await temporaryFolder();
    const made: number[] = [];
    const tokens = defineTokens((token) => made.push(token));
    for await (const { token } of streamPayload(tokens({}, { dataDir: folder.path }))) if (token === 3) break;
    await sleep(50);
    expect(made.length).toBeLessThan(7);
    expect(payloadFiles(folder.path)).toEqual([]);
    expect(await tokens({}, { dataDir: folder.path }).isPersisted()).toBe(false);
  });

  it("goes on for others who wait when the reader leaves", async () => {
    await using folder = await temporaryFolder();
    const tokens = defineTokens();
    const reading = streamPayload(tokens({}, { dataDir: folder.path }));
    await reading.next();
    const other = tokens({}, { dataDir: folder.path }).loadOrGenerate();
    await sleep(20);
    await reading.return();
    const all: number[] = [];
    for await (const { token } of await other) all.push(token);
    expect(all).toHaveLength(10);
  });

  it("gives the items before a failure, then the failure, and publishes nothing", async () => {
    await using folder = await temporaryFolder();
    const tokens = defineTokens(() => {}, 4);
    const all: number[] = [];
    const reading = (async () => {
      for await (const { token } of streamPayload(tokens({}, { dataDir: folder.path }))) all.push(token);
    })();
    await expect(reading).rejects.toThrow("the model hung up");
    expect(all).toEqual([0, 1, 2, 3]);
    expect(payloadFiles(folder.path)).toEqual([]);
  });

  it("stops at the caller's signal", async () => {
    await using folder = await temporaryFolder();
    const controller = new AbortController();
    const reading = (async () => {
      for await (const { token } of streamPayload(defineTokens()({}, { dataDir: folder.path }), controller))
        if (token === 2) controller.abort(new Error("enough"));
    })();
    await expect(reading).rejects.toThrow("enough");
  });
});
