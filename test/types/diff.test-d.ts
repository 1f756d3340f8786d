import { expectTypeOf, test } from "vitest";
import { type ArtifactRecord, definePersistable, typedParams } from "../../src/entry/index.ts";
import { type ArtifactDifference, diff, findNearest } from "../../src/entry/pipeline.ts";

const points = definePersistable({ name: "points", params: typedParams<{ n: number }>(), generate: () => 1 });
declare const record: ArtifactRecord;

test("persistables and records are compared, and nothing else", () => {
  const one = points({ n: 1 });
  expectTypeOf(diff(one, points({ n: 2 }))).resolves.toEqualTypeOf<ArtifactDifference>();
  () => [diff(one, record), diff(record, record)];
  // @ts-expect-error an address alone
  () => diff(one, one.address);
  // @ts-expect-error a definition
  () => diff(one, points);
});

test("neighbors are those of a persistable", () => {
  () => findNearest(points({ n: 1 }), { limit: 3 });
  expectTypeOf(findNearest(points({ n: 1 }))).resolves.items.toHaveProperty("changes");
  // @ts-expect-error a record has no store
  () => findNearest(record);
});
