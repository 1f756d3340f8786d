import { describe, expect, it } from "vitest";
import { InvalidStorePathError } from "../../src/errors/store-errors.ts";
import { assertStorePath, storePath } from "../../src/store/store-path.ts";

const hostile: [what: string, segment: string, problem: string][] = [
  ["an empty segment", "", "empty"],
  ["the folder itself", ".", '"." leads elsewhere'],
  ["the folder above", "..", '".." leads elsewhere'],
  ["a separator", "a/b", 'a segment contains "/"'],
  ["an absolute path", "/etc/passwd", 'a segment contains "/"'],
  ["a backslash", "a\\b", 'contains "\\\\"'],
  ["a drive", "C:", 'contains ":"'],
  ["a stream of a file", "a:b", 'contains ":"'],
  ["a wildcard", "a*", 'contains "*"'],
  ["NUL", "a\0b", 'contains "\\u0000"'],
  ["a control character", "a\nb", 'contains "\\n"'],
  ["a device", "CON", '"CON" is the name of a device on Windows'],
  ["a device with an extension", "aux.txt", '"aux.txt" is the name of a device on Windows'],
  ["a numbered device", "lpt1", '"lpt1" is the name of a device on Windows'],
  ["a device with a superscript", "com¹", '"com¹" is the name of a device on Windows'],
  ["a trailing dot", "a.", "ends in a dot or a space"],
  ["a trailing space", "a ", "ends in a dot or a space"],
  ["201 bytes", "a".repeat(201), "more than 200 bytes"],
  ["201 bytes in 67 characters", "漢".repeat(67), "more than 200 bytes"],
  ["a composed letter", "é", "characters that some file systems change"],
  ["a decomposed letter", "e\u0301", "characters that some file systems change"],
  ["a lone surrogate", "\ud800", "characters that some file systems change"],
];

describe("storePath", () => {
  it("joins its segments", () => {
    expect(storePath("outlier_estimator", "3f9a.json")).toBe("outlier_estimator/3f9a.json");
    expect(storePath(".persistable", "quarantine", "GaussianPoints~3f9a1c2e5d70")).toBe(
      ".persistable/quarantine/GaussianPoints~3f9a1c2e5d70",
    );
    expect(storePath("company", "lpt", "console", "測定")).toBe("company/lpt/console/測定");
    expect(storePath("a.con", "lptx", ".hidden")).toBe("a.con/lptx/.hidden");
    expect(storePath("a".repeat(200), "b".repeat(200), "c".repeat(200))).toHaveLength(602);
    expect(storePath(`aa${"漢".repeat(66)}`)).toHaveLength(68);
  });

  it.each(hostile)("refuses %s", (_, segment, problem) => {
    for (const segments of [[segment], ["a", segment, "b"]]) {
      expect(() => storePath(...segments)).toThrow(InvalidStorePathError);
      expect(() => storePath(...segments)).toThrow(problem);
    }
  });

  it("refuses no segment at all, and what is not a string", () => {
    expect(() => storePath()).toThrow("it is empty");
    expect(() => storePath(undefined as unknown as string)).toThrow("a segment is not a string");
    expect(() => assertStorePath(7 as unknown as string)).toThrow("it is not a string");
  });

  it.each(["../a", "a/../b", "a//b", "/a", "a/", "a/./b", "a/con/b", "a./b"])("a store does not take %s", (path) => {
    expect(() => assertStorePath(path)).toThrow(InvalidStorePathError);
  });
});
