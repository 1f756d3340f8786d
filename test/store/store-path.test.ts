import { describe, expect, it } from "vitest";
import { InvalidStorePathError } from "../../src/errors/store-errors.ts";
import { assertStorePath, storePath } from "../../src/store/store-path.ts";

const hostile: [problem: string, segment: string][] = [
  ["an empty segment", ""],
  ["the folder itself", "."],
  ["the folder above", ".."],
  ["a separator", "a/b"],
  ["an absolute path", "/etc/passwd"],
  ["a backslash", "a\\b"],
  ["a drive", "C:"],
  ["a stream of a file", "a:b"],
  ["NUL", "a\0b"],
  ["a control character", "a\nb"],
  ["a device", "CON"],
  ["a device with an extension", "aux.txt"],
  ["a device with a superscript", "com¹"],
  ["a trailing dot", "a."],
  ["a trailing space", "a "],
  ["201 bytes", "a".repeat(201)],
  ["201 bytes in 67 characters", "漢".repeat(67)],
  ["a composed letter", "é"],
  ["a decomposed letter", "e\u0301"],
  ["a lone surrogate", "\ud800"],
];

describe("storePath", () => {
  it("joins its segments", () => {
    expect(storePath("outlier_estimator", "3f9a.json")).toBe("outlier_estimator/3f9a.json");
    expect(storePath(".persistable", "quarantine", "GaussianPoints~3f9a1c2e5d70")).toBe(
      ".persistable/quarantine/GaussianPoints~3f9a1c2e5d70",
    );
    expect(storePath("company", "lpt", "console", "測定")).toBe("company/lpt/console/測定");
    expect(storePath("a".repeat(200))).toHaveLength(200);
  });

  it.each(hostile)("refuses %s", (_, segment) => {
    expect(() => storePath(segment)).toThrow(InvalidStorePathError);
    expect(() => storePath("a", segment, "b")).toThrow(InvalidStorePathError);
  });

  it("refuses no segment at all, and what is not a string", () => {
    expect(() => storePath()).toThrow(InvalidStorePathError);
    expect(() => storePath(undefined as unknown as string)).toThrow(InvalidStorePathError);
  });

  it.each(["../a", "a/../b", "a//b", "/a", "a/", "a/./b", "a/con/b", "a./b"])("a store does not take %s", (path) => {
    expect(() => assertStorePath(path)).toThrow(InvalidStorePathError);
  });
});
