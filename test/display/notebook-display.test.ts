import { expect, test } from "vitest";
import { definePersistable, memoryStore, secret, typedParams, untracked } from "../../src/entry/index.ts";
import { openArtifact } from "../../src/entry/inspect.ts";
import { collect, plan, sweep } from "../../src/entry/pipeline.ts";
import { override } from "../support/override-store.ts";

const HOSTILE = '<img src=x onerror="alert(1)">\u202e';

const words = definePersistable({
  name: "words",
  params: typedParams<{ text: string; key?: unknown; note?: unknown }>(),
  generate: ({ params }) => [{ text: params.text, length: params.text.length }],
});

interface Display {
  readonly "text/plain": string;
  readonly "text/html": string;
}

async function displayOf(value: object): Promise<Display> {
  const show: unknown = Reflect.get(value, Symbol.for("Jupyter.display"));
  if (typeof show !== "function") throw new Error("It has no display.");
  return show.call(value);
}

test("nothing of a payload or its params becomes markup, and nothing stays invisible", async () => {
  const options = { dataDir: memoryStore() };
  const persistable = words({ text: HOSTILE }, options);
  await persistable.payload;
  const shown = [
    persistable,
    await collect([persistable]),
    await plan([words({ text: `${HOSTILE}!` }, options)]),
    await openArtifact(options.dataDir, persistable.address),
  ];
  for (const each of shown) {
    const { "text/html": html, "text/plain": text } = await displayOf(each);
    expect(html).toContain("onerror=");
    expect(html).not.toContain("<img");
    expect(html).not.toContain('"alert');
    expect(html + text).not.toContain("\u202e");
  }
});

test("a persistable shows that it is missing, that it was made, and what its store says", async () => {
  const dataDir = memoryStore();
  const persistable = words({ text: "a" }, { dataDir });
  expect((await displayOf(persistable))["text/plain"]).toContain("missing: never generated");
  await persistable.payload;
  expect((await displayOf(persistable))["text/html"]).toMatch(/: made just now in \d+ ms, \d+ B</);
  const unreachable = override(dataDir, {
    read: () => Promise.reject(new Error("the disk is gone")),
    stat: () => Promise.reject(new Error("the disk is gone")),
  });
  const { "text/html": html } = await displayOf(words({ text: "b" }, { dataDir: unreachable }));
  expect(html).toContain("the disk is gone");
  expect(html).toContain("&#34;b&#34;");
});

test("secrets are not shown, and values outside the recipe are marked", async () => {
  const persistable = words(
    { text: "a", key: secret("hunter2hunter2"), note: untracked("mine") },
    { dataDir: memoryStore() },
  );
  const { "text/html": html, "text/plain": text } = await displayOf(persistable);
  expect(html + text).not.toContain("hunter2");
  expect(html).toContain("&#34;mine&#34; (untracked)");
});

test("a table and a list of params say what they leave out", async () => {
  const table = await collect(
    sweep(words, { text: Array.from({ length: 60 }, (_, n) => `t${n}`) }, { dataDir: memoryStore() }),
  );
  const { "text/html": html } = await displayOf(table);
  expect(html).toContain("50 of 60 rows");
  expect(html.match(/<tr>/g)).toHaveLength(51);
  const many = Object.fromEntries(Array.from({ length: 61 }, (_, n) => [`k${n}`, n]));
  const { "text/html": listed } = await displayOf(words({ text: "a", note: many }, { dataDir: memoryStore() }));
  expect(listed).toContain("further params are not shown");
});
