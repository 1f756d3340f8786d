// @ts-check
// Wraps comments that are wider than 100 columns: node scripts/wrap-comments.mjs <file or folder>…
// (Biome formats code, but leaves comments as they are.)
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WIDTH = 100;

for (const path of process.argv.slice(2)) for (const file of sourcesIn(path)) wrapFile(file);

/** @param {string} path @returns {string[]} */
function sourcesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name) && !name.includes("node_modules"))
    .map((name) => join(path, name));
}

/** @param {string} file */
function wrapFile(file) {
  const text = readFileSync(file, "utf8");
  const wrapped = wrapBlocks(wrapLineComments(text));
  if (wrapped !== text) writeFileSync(file, wrapped);
}

/** @param {string} text */
function wrapLineComments(text) {
  return text.replace(/^([ \t]*)\/\/ .*(?:\n\1\/\/ .*)*/gm, (block, /** @type {string} */ indent) => {
    const lines = block.split("\n").map((line) => line.slice(indent.length + 3));
    return wrapLines(lines, `${indent}// `).join("\n");
  });
}

/** @param {string} text */
function wrapBlocks(text) {
  return text.replace(
    /^([ \t]*)\/\*\* ?((?:(?!\*\/)[\s\S])*?) *\*\/$/gm,
    (block, /** @type {string} */ indent, /** @type {string} */ inner) => {
      if (block.split("\n").every((line) => line.length <= WIDTH)) return block;
      const lines = inner
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\s*\* ?/, ""));
      const wrapped = wrapLines(lines, `${indent} * `);
      return [`${indent}/**`, ...wrapped.map((line) => line.trimEnd()), `${indent} */`].join("\n");
    },
  );
}

/**
 * Wraps each paragraph that has a line which is too wide; lists, tags, code and directives stay as
 * they are.
 *
 * @param {string[]} lines
 * @param {string} prefix
 */
function wrapLines(lines, prefix) {
  /** @type {string[][]} */
  const paragraphs = [];
  /** @type {Set<string[]>} */
  const code = new Set();
  let inCode = false;
  let joins = false;
  for (const line of lines) {
    const fence = line.startsWith("```");
    const keeps = inCode || fence || /^(?:$|\s|[-*|@] ?|\d+\. |biome-ignore|<)/.test(line);
    if (joins && !keeps && !line.startsWith("Remedy:")) paragraphs.at(-1)?.push(line);
    else paragraphs.push([line]);
    if (inCode) code.add(/** @type {string[]} */ (paragraphs.at(-1)));
    if (fence) inCode = !inCode;
    joins = !keeps;
  }
  return paragraphs.flatMap((paragraph) => {
    const fits = paragraph.every((line) => prefix.length + line.length <= WIDTH);
    const keeps = code.has(paragraph) || /^(?:@example|@type|@param \{\{|@ts|biome-ignore|\|)/.test(paragraph[0] ?? "");
    return (fits || keeps ? paragraph : fill(paragraph.join(" "), WIDTH - prefix.length)).map((line) => prefix + line);
  });
}

/**
 * @param {string} text
 * @param {number} width
 */
function fill(text, width) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
