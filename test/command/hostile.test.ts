import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { text } from "../../src/format/built-in/built-in-formats.ts";
import { definePersistable, typedParams } from "../../src/persistable/define-persistable.ts";
import { run as runTargets } from "../../src/runner/run.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, persistable, type Transcript } from "./run-in-process.ts";

/** It would colour, retitle and clear a terminal, go back a line, and turn text around. */
const EVIL = "\u001b[31mred\u001b]0;title\u0007\u001b[2J\r\n\u009b1A\u202egnp.exe\u2066\u0000";
const ODD_KEYS = ["__proto__", "constructor", "toString", EVIL, "a=b", "a.b", "", "<script>"];

/** A character that a terminal acts on, other than a line break, or that turns text around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ACTIVE = /\r(?!\n)|[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const hostile = definePersistable({
  name: `evil ${EVIL}`,
  params: typedParams<Record<string, unknown>>(),
  generate: ({ params, log }) => {
    log.info(EVIL);
    if (params.fails === true) throw new RangeError(`failed ${EVIL}`);
    return { [EVIL]: EVIL };
  },
  summarize: () => ({ [EVIL]: EVIL, long: "x".repeat(2000) }),
});
const words = definePersistable({ name: "words", format: text(), generate: () => `${EVIL}\n`.repeat(3) });
const rows = definePersistable({
  name: "rows",
  generate: () => [
    { [EVIL]: EVIL, n: Number.NaN },
    { [EVIL]: "b", n: 1 },
  ],
});

async function makeHostileStore(dataDir: string): Promise<void> {
  const params = Object.fromEntries(ODD_KEYS.map((key) => [key, EVIL]));
  const targets = [
    hostile({ ...params, n: Number.NaN }, { dataDir }),
    hostile({ ...params, n: new Date(0), big: 2n ** 80n }, { dataDir }),
    hostile({ fails: true, why: EVIL }, { dataDir }),
    words({}, { dataDir }),
    rows({}, { dataDir }),
  ];
  await runTargets(targets, { keepGoing: "independent" }).catch(() => {});
  const [folder = ""] = readdirSync(dataDir).filter((name) => /^evil.*~[0-9a-f]{12}$/.test(name));
  const place = (name: string): string => path.join(dataDir, folder, `${name.repeat(32)}.json`);
  writeFileSync(place("ab"), "{");
  writeFileSync(place("cd"), JSON.stringify({ record: 1, name: EVIL, address: "cd".repeat(32), params: { a: EVIL } }));
  writeFileSync(place("ef"), Buffer.alloc(2 ** 21, 0x5b));
  writeFileSync(place("01"), JSON.stringify({ record: 9, name: EVIL }));
  for (const internal of ["tags/words", "pins/words", "runs", "leases"]) {
    mkdirSync(path.join(dataDir, ".persistable", internal), { recursive: true });
    writeFileSync(path.join(dataDir, ".persistable", internal, "evil.json"), `{"tag":${JSON.stringify(EVIL)}`);
  }
  for (const file of readdirSync(path.join(dataDir, ".persistable/runs")))
    appendFileSync(path.join(dataDir, ".persistable/runs", file), `\n{"type":"${EVIL}`);
}

/** It ended as any command ends, and said nothing that a terminal would act on. */
function expectCalm(argv: readonly string[], { exit, out, err }: Transcript): void {
  expect({ argv, exit: [0, 1, 2, 3, 4, 5].includes(exit) }).toEqual({ argv, exit: true });
  expect({ argv, active: ACTIVE.exec(out)?.[0], inError: ACTIVE.exec(err)?.[0] }).toEqual({ argv });
  expect(err, argv.join(" ")).not.toMatch(/TypeError|Cannot read|is not a function|is not iterable|\n {4}at /);
}

describe("names, values, records and arguments that mean harm", () => {
  let folder: TemporaryFolder;
  const onTerminal = (argv: readonly string[]): Promise<Transcript> =>
    persistable([...argv, "--data-dir", folder.join("data"), "--color", "never"], { isTTY: true });

  test("each command prints them escaped, and none ends in an error of its own", async () => {
    folder = await temporaryFolder();
    await using _ = folder;
    await makeHostileStore(folder.join("data"));
    const name = hostile.payloadName;
    const artifact = `${name}@latest`;
    const [first = "", second = ""] = readdirSync(folder.join("data"))
      .filter((one) => /^evil.*~[0-9a-f]{12}$/.test(one))
      .flatMap((one) => readdirSync(folder.join(`data/${one}`)))
      .filter((file) => /^[0-9a-f]{64}\.json$/.test(file) && !/^(ab|cd|ef|01)/.test(file))
      .map((file) => file.slice(0, 64));
    const commands: readonly (readonly string[])[] = [
      ["ls"],
      ["ls", "--all-columns"],
      ["ls", "--csv"],
      ["ls", "--count"],
      ["ls", "state=failed"],
      ["ls", "state=damaged"],
      ["show", artifact],
      ["show", first],
      ["show", "words@latest"],
      ["show", "rows@latest"],
      ["show", first, "--record"],
      ["show", first, "--path"],
      ["cat", "words@latest"],
      ["cat", first, "--as", "json"],
      ["cat", "rows@latest", "--as", "csv"],
      ["cat", "rows@latest", "--columns", EVIL],
      ["diff", first, second],
      ["diff", first, second, "--all"],
      ["diff", first, second, "--all", "--md"],
      ["why", first],
      ["graph", first],
      ["graph", first, "--down"],
      ["graph", first, "--format", "mermaid"],
      ["graph", first, "--format", "dot"],
      ["runs"],
      ["runs", "latest"],
      ["runs", "latest", "--failed"],
      ["runs", "latest", "--events"],
      ["runs", "--follow"],
      ["verify"],
      ["tag"],
      ["tag", first, "paper"],
      ["tag", first, EVIL],
      ["pin", first],
      ["gc", "--keep-last", "0", "-v"],
      ["gc", "--orphans", "--quarantine", "0s"],
      ["rm", first],
      ["copy", folder.join("data"), folder.join("copy")],
      ["export", folder.join("study.tar")],
      ["rename", name, EVIL],
      ["doctor"],
    ];
    for (const argv of commands) {
      expectCalm(argv, await onTerminal(argv));
      if (argv.includes("--csv") || argv[0] === "cat" || argv.includes("--record")) continue;
      // What was made above is there the second time.
      const json = await onTerminal([...argv, "--json"]);
      expectCalm([...argv, "--json"], json);
      for (const lines of [json.out, json.err]) if (lines !== "") parseLines(lines);
    }
  });

  const words = [
    EVIL,
    "",
    "=",
    "{",
    "a{b",
    "a{__proto__=1}",
    "..",
    "../../x",
    "--",
    "@",
    "/",
    "%00",
    "a>>1",
    "x".repeat(9000),
  ];
  test.each([
    "show",
    "cat",
    "diff",
    "why",
    "graph",
    "ls",
    "runs",
    "verify",
    "gc",
    "rm",
    "tag",
    "untag",
    "pin",
    "unpin",
  ])("%s takes any text as its argument", async (command) => {
    folder = await temporaryFolder();
    await using _ = folder;
    for (const word of words) {
      const argv = [command, word];
      expectCalm(argv, await onTerminal(argv));
    }
  });

  test("so do the commands that read a module, and the parser", async () => {
    folder = await temporaryFolder();
    await using _ = folder;
    for (const word of words)
      for (const argv of [
        ["run", word],
        ["plan", word, word],
        ["collect", word],
        ["rename", word, `${word}b`],
        ["import", word],
        ["help", word],
        ["completion", word],
        [word],
        ["ls", `--${word}`],
        ["ls", "--sort", word],
      ])
        expectCalm(argv, await onTerminal(argv));
  });

  test.each(["file:///%00", "file:///a%2Fb", "file:///%E0%A4%A", "file://["])(
    "a data directory %s is refused as a usage error",
    async (place) => {
      const argv = ["ls", "--data-dir", place];
      const told = await persistable(argv, { isTTY: true });
      expectCalm(argv, told);
      expect(told).toMatchObject({ exit: 2, err: expect.stringContaining("is not a place to keep artifacts") });
    },
  );
});
