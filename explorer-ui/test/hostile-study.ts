import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { table } from "../../src/entry/formats/table.ts";
import { bytes, definePersistable, json, text, typedParams } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";

/** If any of it were read as markup, it would run, and name itself. */
export const MARKUP = `<img src=x onerror="window.owned='img'"><script>window.owned='script'</script></script>`;
const BIDI = "\u202egnp.exe\u2066\u200b\u0000\u001b[2J";
const EVIL = `${MARKUP}${BIDI}`;
const LONG = "long ".repeat(2_000_000);
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const evil = definePersistable({
  name: `evil ${EVIL}`.slice(0, 150),
  params: typedParams<Record<string, unknown>>(),
  format: json(),
  generate: ({ params, log }) => {
    log.info(EVIL);
    if (params.fails === true) throw new RangeError(EVIL);
    return { [EVIL]: [EVIL, { [EVIL]: EVIL }] };
  },
  summarize: () => ({ [EVIL]: EVIL, long: LONG.slice(0, 5000) }),
});
const wide = definePersistable({
  name: "wide",
  format: table(),
  generate: () => [Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`${MARKUP} ${i}`, i]))],
});
const cells = definePersistable({ name: "cells", format: table(), generate: () => [{ a: EVIL }, { a: LONG }] });
const words = definePersistable({ name: "words", format: text(), generate: () => `${EVIL}\n${LONG}` });
const tree = definePersistable({ name: "tree", format: json(), generate: () => ({ [EVIL]: LONG, inner: [[[EVIL]]] }) });
const svg = definePersistable({
  name: "svg",
  format: bytes(),
  generate: (): Uint8Array =>
    new TextEncoder().encode(`<svg xmlns="http://www.w3.org/2000/svg" onload="window.owned='svg'"/>`),
});
const picture = definePersistable({
  name: "picture",
  format: bytes(),
  generate: (): Uint8Array => Uint8Array.from([...PNG, ...Buffer.from(EVIL)]),
});
const files = definePersistable({
  name: "files",
  format: directory(),
  generate: async ({ workDir }) => {
    await writeFile(join(workDir, "<b onclick=alert(1)>.html"), MARKUP);
    return workDir;
  },
});

/** Makes a data directory in which everything that can be a text is an attack. */
export async function makeHostileStudy(dataDir: string): Promise<void> {
  const place = { dataDir, logger: { debug() {}, info() {}, warn() {}, error() {} } };
  const params = { [EVIL]: EVIL, long: LONG.slice(0, 100_000), "a.b": 1, __proto__: EVIL };
  const targets = [
    ...[1, 2, 3].map((n) => evil({ ...params, n }, place)),
    evil({ fails: true, why: EVIL }, place),
    ...[wide, cells, words, tree, svg, picture, files].map((each) => each({}, place)),
  ];
  await run(targets, { keepGoing: "independent" }).catch(() => {});
  forgeRecords(dataDir);
}

/** Another program wrote these: records that lie, are cut, or have no sense. */
function forgeRecords(dataDir: string): void {
  const folder = readdirSync(dataDir).find((name) => name.startsWith("words"));
  const [record = ""] = readdirSync(join(dataDir, folder ?? "")).filter((name) => name.endsWith(".json"));
  const whole = readFileSync(join(dataDir, folder ?? "", record), "utf8");
  const forge = (digits: string, content: string): void =>
    writeFileSync(join(dataDir, folder ?? "", `${digits.repeat(32)}.json`), content);
  const address = record.slice(0, 64);
  forge("ab", "{");
  forge(
    "cd",
    whole.replaceAll(address, "cd".repeat(32)).replace(/"format":\s*"[^"]*"/, `"format":${JSON.stringify(EVIL)}`),
  );
  forge("ef", whole.slice(0, whole.length / 2));
  forge("01", JSON.stringify({ record: 99, name: EVIL }));
  for (const internal of ["tags/words", "pins/words", "leases"]) {
    mkdirSync(join(dataDir, ".persistable", internal), { recursive: true });
    writeFileSync(join(dataDir, ".persistable", internal, "evil.json"), `{"tag":${JSON.stringify(EVIL)}`);
  }
  const runs = join(dataDir, ".persistable/runs");
  for (const file of readdirSync(runs).filter((name) => name.endsWith(".jsonl")))
    appendFileSync(join(runs, file), `\n{"type":${JSON.stringify(EVIL)}}\n{"type":"`);
}
