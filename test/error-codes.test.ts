import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { PersistableError } from "../src/entry/index.ts";

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "src", "errors");

interface Declared {
  readonly className: string;
  readonly code: string;
  readonly file: string;
}

function declaredErrors(): Declared[] {
  return readdirSync(folder).flatMap((file) => {
    const text = readFileSync(path.join(folder, file), "utf8");
    const pattern = /export class (\w+) extends [\s\S]*?readonly code(?:: [^=\n]+)? = "(PERSISTABLE_\w+)"/g;
    return [...text.matchAll(pattern)].map((match) => ({ className: match[1] ?? "", code: match[2] ?? "", file }));
  });
}

function documentedErrors(): Map<string, string> {
  const page = readFileSync(path.join(root, "docs", "errors.md"), "utf8");
  return new Map(
    [...page.matchAll(/^\| `(PERSISTABLE_\w+)` \| `(\w+)` \|/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]),
  );
}

/**
 * Imports the source, or the built package if that is tested: a class of the one is not a class of
 * the other.
 */
function importEntryPoint(file: string): Promise<Record<string, unknown>> {
  const isBuilt = process.env.PERSISTABLE_TEST_BUILT === "1";
  const path = isBuilt ? `../dist/entry/${file.replace(/ts$/, "js")}` : `../src/entry/${file}`;
  return import(/* @vite-ignore */ path) as Promise<Record<string, unknown>>;
}

function entryPoints(): string[] {
  return [".", "formats", "stores"].flatMap((part) =>
    readdirSync(path.join(root, "src/entry", part))
      .filter((file) => file.endsWith(".ts"))
      .map((file) => path.posix.join(part, file)),
  );
}

describe("errors", () => {
  const declared = declaredErrors();

  test("each class has a code of its own", () => {
    expect(declared.length).toBeGreaterThan(10);
    expect(new Set(declared.map(({ code }) => code)).size).toBe(declared.length);
  });

  test("the page lists each of them, and nothing else", () => {
    const documented = documentedErrors();
    expect([...documented].sort()).toEqual(declared.map(({ code, className }) => [code, className]).sort());
  });

  test("each is exported, and is a PersistableError", async () => {
    const library: Record<string, unknown> = Object.assign(
      {},
      ...(await Promise.all(entryPoints().map((file) => importEntryPoint(file)))),
    );
    for (const { className } of declared) {
      const exported = library[className] as { prototype: unknown } | undefined;
      expect(exported, className).toBeDefined();
      expect(exported?.prototype, className).toBeInstanceOf(PersistableError);
    }
  });
});
