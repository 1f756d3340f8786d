import { afterAll, describe, expect, it } from "vitest";
import { storePath } from "../../src/store/store-path.ts";
import { bucketSubject, openPrepared, placeIn } from "../support/prove-bucket.ts";
import { proveLikeAnother } from "../support/prove-store.ts";
import { CREDENTIALS, createBucket, startSwift } from "../support/servers/s3-servers.ts";

Object.assign(process.env, CREDENTIALS.swift);
const swift = await startSwift();
afterAll(() => swift?.close());

const PATH = storePath("points", "a.json");

if (swift !== undefined)
  proveLikeAnother(bucketSubject("Swift, which says that it cannot create exclusively", swift, false));

describe.skipIf(swift === undefined)("a server that says that it cannot create exclusively", () => {
  it("is found out, and looks before it writes", async () => {
    const store = await openPrepared(placeIn({ url: swift?.url ?? "" }, await createBucket(swift?.url ?? "")));
    expect(store.capabilities.exclusiveCreate).toBe(false);
    expect(await store.createIfAbsent(PATH, [Buffer.from("one")])).toBe("created");
    expect(await store.createIfAbsent(PATH, [Buffer.from("two")])).toBe("exists");
    expect(Buffer.from((await store.read(PATH)) ?? []).toString()).toBe("one");
    const paths: string[] = [];
    for await (const entry of store.list("")) paths.push(entry.path);
    expect(paths).toEqual([PATH]);
  });
});
