import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../src/", import.meta.url);

/**
 * Each mark shows where something lies in a record, or under which name; only its owners may
 * contain it.
 */
const marks = [
  { mark: /\\?"checksum\\?"/, owners: ["record/layout.ts"], planted: '/^\\{\\n {2}"checksum": "sha256:/' },
  {
    mark: /(?<!case )\\?"(?:record|scheme)\\?": /,
    owners: ["record/layout.ts", "record/record-text.ts"],
    planted: "text.includes('\"record\": 2')",
  },
  { mark: /\\?"payload\\?": \\?\{/, owners: ["record/record-text.ts"], planted: '/^ {2}"payload": \\{\\n {4}/m' },
  { mark: /\\?"file\\?": /, owners: ["record/record-text.ts"], planted: 'includes("\\"file\\": \\"a\\"")' },
  { mark: /\\?"source\\?": /, owners: ["record/layout.ts"], planted: 'indexOf(\'\\n    "source": "\')' },
  { mark: /\\?"inline\\?": /, owners: ["record/layout.ts"], planted: "indexOf('\"inline\": ')" },
  {
    mark: /\{64\}\)?\\?\.(?:json|\[0-9a-f\]\{8\})/,
    owners: ["artifact/layout/artifact-paths.ts"],
    planted: "/^[0-9a-f]{64}\\.json$/",
  },
  { mark: /\\?\.files\\?\.json/, owners: ["format/format.ts"], planted: "/\\.files\\.json$/" },
  { mark: /["'`/^]\\?\.persistable\b/, owners: ["store/internal-folder.ts"], planted: '".persistable/tmp"' },
];

/** The code of a file, without the lines of its comments. */
function codeOf(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^\s*(?:\/\*|\*|\/\/)/.test(line))
    .join("\n");
}

const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, code: codeOf(readFileSync(new URL(name, root), "utf8")) }));

it.each(marks)("only $owners knows $mark", ({ mark, owners }) => {
  expect(sources.filter(({ code }) => mark.test(code)).map(({ name }) => name)).toEqual(owners);
});

it.each(marks)("$mark is found when it is planted", ({ mark, planted }) => {
  expect(codeOf(`/** A comment. */\nconst found = ${planted};\n`)).toMatch(mark);
});
