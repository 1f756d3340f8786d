import type { SourceTexts } from "../provenance/named-sources.ts";
import type { SourceDifference } from "./source-difference.ts";

const MAX_LINES = 20;
const MAX_LINE_LENGTH = 200;

/** Compares two sources, part by part. */
export function compareSources(before: SourceTexts, now: SourceTexts): readonly SourceDifference[] {
  const differences: SourceDifference[] = [];
  if (before.generator !== now.generator) differences.push(compareTexts("generator", before.generator, now.generator));
  for (const part of partsOf(before.modules, now.modules)) {
    const [old = "", text = ""] = [before.modules[part], now.modules[part]];
    if (old !== text) differences.push(compareTexts(part, old, text));
  }
  for (const part of partsOf(before.packages, now.packages)) {
    const [old, version] = [before.packages[part], now.packages[part]];
    if (old !== version) differences.push({ part, removed: listOf(old), added: listOf(version) });
  }
  return differences;
}

function partsOf(before: object, now: object): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])];
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

/** The lines between those that both texts begin with and those that both end with. */
function compareTexts(part: string, before: string, now: string): SourceDifference {
  const [old, lines] = [before.split("\n"), now.split("\n")];
  let start = 0;
  while (start < Math.min(old.length, lines.length) && old[start] === lines[start]) start += 1;
  let common = 0;
  while (common < Math.min(old.length, lines.length) - start && old.at(-1 - common) === lines.at(-1 - common))
    common += 1;
  const cut = (text: readonly string[]): string[] =>
    text
      .slice(start, text.length - common)
      .slice(0, MAX_LINES)
      .map((line) => line.slice(0, MAX_LINE_LENGTH));
  return { part, line: start + 1, removed: cut(old), added: cut(lines) };
}
