import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storePath } from "../../src/store/store-path.ts";
import { safeName } from "../../src/util/safe-name.ts";

const hostile = [
  "",
  " ",
  ".",
  "..",
  "...",
  "/",
  "\\",
  "/etc/passwd",
  "../../etc/passwd",
  "a/b",
  "a\\b",
  "a\0b",
  "\0",
  "CON",
  "con",
  "Con.",
  "con ",
  "aux.txt",
  "AUX.tar.gz",
  "nul",
  "com1",
  "COM¹",
  "lpt9.log",
  "conin$",
  "trailing.",
  "trailing...",
  "trailing ",
  ".hidden",
  ".persistable",
  "-rf",
  "~",
  "a".repeat(101),
  "x".repeat(300),
  "é".repeat(300),
  "漢".repeat(300),
  "🎉".repeat(300),
  "🎉",
  "👩‍👩‍👧",
  "a.log",
  "a",
  "A",
  "model.v2",
  "model_v2",
  "Straße",
  "STRASSE",
  "strasse",
  "é",
  "e\u0301",
  "É",
  "Å",
  "\u212b",
  "ﬁ",
  "fi",
  "İ",
  "i",
  "ı",
  "\ud800",
  "\udfff",
  "\ufffd",
  "GaussianPoints",
  "gaussianpoints",
  "GAUSSIANPOINTS",
  "GAUSSI~1",
  "a:b",
  "a*b?",
  "tab\there",
  "line\nbreak",
  "Погода",
  "погода",
  "測定",
  "각",
  "__proto__",
  "constructor",
];

/** How a file system that ignores case and normalizes sees a name. */
function seenByForgivingDisk(name: string): string {
  return name.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}

function expectSafe(segment: string): void {
  expect(segment).not.toMatch(/[\p{Cc}\p{Cs}<>:"|?*\\/]/u);
  expect(segment).not.toMatch(/[. ]$/);
  expect(segment).not.toMatch(/^[.-]/);
  expect(segment).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)\s*(\.|$)/i);
  expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(120);
  expect(segment.normalize("NFC")).toBe(segment);
  expect(segment.normalize("NFD")).toBe(segment);
  expect(storePath(segment)).toBe(segment);
}

describe("safeName", () => {
  it.each(["outlier_estimator", "points", "a", "x1", "2020-weather", "_private", "falcon", "com10", "a".repeat(100)])(
    "leaves the plain name %s as it is",
    (name) => {
      expect(safeName(name)).toBe(name);
    },
  );

  it.each(hostile)("makes %j safe as a folder and as a log file", (name) => {
    expectSafe(safeName(name));
    expectSafe(`${safeName(name)}.log`);
  });

  it.each([
    ["GaussianPoints", "GaussianPoints"],
    ["Café crème", "Cafe_creme"],
    ["model.v2", "model.v2"],
    ["測定 1", "測定_1"],
    ["Погода", "Погода"],
    ["Йод", "Иод"],
    ["がく", "かく"],
    ["αβγ", "αβγ"],
    ["🎉 party", "_party"],
    ["A  b", "A_b"],
    ["_A b", "_A_b"],
    ["trailing...", "trailing"],
    [".persistable", "persistable"],
    ["-rf", "rf"],
    ["aux.txt", "_aux.txt"],
    ["LPT9", "_LPT9"],
    ["Falcon", "Falcon"],
    ["../../etc/passwd", "_.._etc_passwd"],
    ["..", "_"],
    ["", "_"],
    ["x".repeat(300), "x".repeat(80)],
    ["Ω".repeat(300), "Ω".repeat(40)],
    ["漢".repeat(300), "漢".repeat(26)],
    [`x${"漢".repeat(300)}`, `x${"漢".repeat(26)}`],
  ])("keeps of %j what is readable: %s", (name, readable) => {
    expect(safeName(name).replace(/~[0-9a-f]{12}$/, "")).toBe(readable);
  });

  it("never changes: a name leads to the same folder for ever", () => {
    expect(safeName("GaussianPoints")).toBe("GaussianPoints~e0ea7925da89");
    expect(safeName("")).toBe("_~e3b0c44298fc");
  });

  it("keeps hostile names apart on a disk that ignores case and normalizes", () => {
    const names = [...new Set([...hostile, "points", "outlier_estimator"])];
    expect(new Set(names.map((name) => seenByForgivingDisk(safeName(name)))).size).toBe(names.length);
    const logs = names.map((name) => seenByForgivingDisk(`${safeName(name)}.log`));
    const folders = new Set(names.map((name) => seenByForgivingDisk(safeName(name))));
    expect(logs.filter((log) => folders.has(log))).toEqual([]);
  });

  it("keeps any two names apart, and each safe", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 320 }),
      fc.string({ unit: fc.constantFrom("a", "A", ".", "~", "_", "e\u0301", "é", "ß", "ſ", "\ud800", "한", "ᄒ", "ᅡ") }),
      fc.constantFrom(...hostile),
    );
    fc.assert(
      fc.property(name, name, (one, other) => {
        expectSafe(safeName(one));
        if (one === other) expect(safeName(one)).toBe(safeName(other));
        else expect(seenByForgivingDisk(safeName(one))).not.toBe(seenByForgivingDisk(safeName(other)));
      }),
      { numRuns: 200 },
    );
  });

  it("gives an escaped name another name when it is itself a payload's name", () => {
    const escaped = safeName("GaussianPoints");
    expect(safeName(escaped)).not.toBe(escaped);
  });
});
