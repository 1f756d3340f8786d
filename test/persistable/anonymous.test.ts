import { expect, test, vi } from "vitest";
import { definePersistable, memoryStore } from "../../src/entry/index.ts";

const PERSONAL = ["host", "user", "pid", "script", "module"];

test("an anonymous record names no user, host, process or path, and is read as always", async () => {
  const dataDir = memoryStore();
  const known = definePersistable({ name: "anonymous_not", generate: () => 1 })({}, { dataDir });
  const hidden = definePersistable({ name: "anonymous_yes", anonymous: true, generate: () => 1 })({}, { dataDir });
  await Promise.all([known.payload, hidden.payload]);
  expect(Object.keys((await known.record())?.provenance ?? {})).toEqual(expect.arrayContaining(["host", "pid"]));
  const provenance = (await hidden.record())?.provenance ?? {};
  expect(Object.keys(provenance).filter((key) => PERSONAL.includes(key))).toEqual([]);
  expect(provenance).toMatchObject({ node: process.versions.node, createdAt: expect.any(String) });
  expect((await hidden.explain()).state).toBe("hit");
});

test("the environment makes all records anonymous, unless a definition says otherwise", async () => {
  const dataDir = memoryStore();
  vi.stubEnv("PERSISTABLE_ANONYMOUS", "1");
  try {
    const all = definePersistable({ name: "anonymous_all", generate: () => 1 })({}, { dataDir });
    const open = definePersistable({ name: "anonymous_open", anonymous: false, generate: () => 1 })({}, { dataDir });
    await Promise.all([all.payload, open.payload]);
    expect((await all.record())?.provenance.host).toBeUndefined();
    expect((await open.record())?.provenance.host).toBeDefined();
  } finally {
    vi.unstubAllEnvs();
  }
});
