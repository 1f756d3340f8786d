import { expect, test } from "vitest";
import { RowReader, RowWriter } from "../../src/engine/stored-rows.ts";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { stateOf } from "../../src/persistable/declare/state-of.ts";
import { internalPath, RECIPES_FOLDER } from "../../src/store/internal-folder.ts";
import { override } from "../support/override-store.ts";

const points = definePersistable({ name: "points", params: typedParams<{ n: number }>(), generate: () => 1 });
const scaled = definePersistable({
  name: "scaled",
  params: typedParams<{ by: number }>(),
  dependencies: { points },
  generate: () => 2,
});

function scaledBy(by: number) {
  return stateOf(scaled({ by, points: { n: 1 } }, { dataDir: memoryStore() }), "It");
}

test("a call returns when the rows upstream are written that another call has begun", async () => {
  const whole = memoryStore();
  const [first, second] = [scaledBy(1), scaledBy(2)];
  const slow = override(whole, {
    async replace(path, ...rest) {
      // The row of the points, which both calls need.
      if (!path.includes(first.recipe.address) && !path.includes(second.recipe.address))
        await new Promise((resolve) => setTimeout(resolve, 50));
      return whole.replace(path, ...rest);
    },
  });
  const writer = new RowWriter(slow);
  const writing = writer.write(first);
  await writer.write(second);
  const rows = await new RowReader(whole).read(second.recipe.address);
  expect(rows.map(({ name }) => name)).toEqual(["points", "scaled"]);
  await writing;
});

test("rows that could not be written are written by the next call", async () => {
  const whole = memoryStore();
  let fails = true;
  const failing = override(whole, {
    async replace(...call) {
      if (fails) throw new Error("the disk is full");
      return whole.replace(...call);
    },
  });
  const writer = new RowWriter(failing);
  const state = scaledBy(3);
  await expect(writer.write(state)).rejects.toThrow("the disk is full");
  fails = false;
  await writer.write(state);
  expect(await new RowReader(whole).read(state.recipe.address)).toHaveLength(2);
});

test("rows that another program has written in a circle are refused", async () => {
  const store = memoryStore();
  const writeRow = (address: string, roles: Record<string, string>) =>
    store.replace(internalPath(RECIPES_FOLDER, `${address}.json`), [
      Buffer.from(JSON.stringify({ name: "scaled", address, params: {}, roles })),
    ]);
  await writeRow("a", { points: "b", more: "d" });
  await writeRow("b", { points: "c", more: "d" });
  await writeRow("c", { points: "b" });
  await writeRow("d", {});
  await expect(new RowReader(store).read("a")).rejects.toThrow("is upstream of itself");
  await writeRow("e", { points: "e" });
  await expect(new RowReader(store).read("e")).rejects.toThrow("The recipe of e in .persistable/recipes");
  await writeRow("c", { points: "d" });
  const rows = await new RowReader(store).read("a");
  expect(rows.map(({ address }) => address)).toEqual(["d", "c", "b", "a"]);
});
