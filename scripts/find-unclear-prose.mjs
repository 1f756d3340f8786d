// @ts-check
import ts from "typescript";

/** @typedef {{ line: number, problem: string }} Finding */

const WIDEST_COMMENT = 100;

/** @type {[pattern: RegExp, better: string][]} */
const WORDS = [
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|other than\b|matter\b)/gi, '"not a"'],
  [/\b(?:whoever|somebody|someone|nobody|everybody|everyone)\b/gi, "the actor: the owner, the caller, a process"],
  [/\banew\b/gi, '"again"'],
  [/\bin the place of\b/gi, '"instead of" or "replaces"'],
  [/\bso many\b/gi, "the number by its name"],
  [/\b(?:is|are|was|were) through\b/gi, '"has finished" or "has ended"'],
  [/\bthat there (?:is|are) not\b/gi, '"that does not exist" or "unknown"'],
  [/\bmend(?:s|ed|ing)?\b/gi, '"fix" or "correct"'],
];

/**
 * A doc comment that begins so is not a sentence: the reader has to guess its subject and its verb.
 */
const WITHOUT_SUBJECT =
  /^(?:Of|Under|Within|Upon|Among|So many|So much|So long|What|Where|Who|Whom|Whose|Which|From when|All that|That which)\b/;

/** Words that add nothing to a name. */
const FILLERS = new Set(
  "a an the this that these its it is are of to in for by from with and or as be has have gives returns get".split(" "),
);

/**
 * @param {string} path decides how the text is read: Markdown, TypeScript or JavaScript
 * @param {string} text
 * @param {{ strings?: boolean }} [options] `strings: false` leaves out string literals
 * @returns {Finding[]} in the order of their lines
 */
export function findUnclearProse(path, text, { strings = true } = {}) {
  return path.endsWith(".md") ? findInMarkdown(text) : findInSource(path, text, strings);
}

/** @param {string} text */
function findInMarkdown(text) {
  const prose = text.replace(/^```[\s\S]*?^```/gm, blank).replace(/`[^`\n]*`/g, blank);
  return findWords(prose, lineStartsOf(prose), 0);
}

/**
 * @param {string} path
 * @param {string} text
 * @param {boolean} strings
 */
function findInSource(path, text, strings) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const starts = source.getLineStarts();
  /** @type {Finding[]} */
  const found = [];
  /** @type {Set<number>} */
  const read = new Set();
  visit(source);
  return found.sort((a, b) => a.line - b.line);

  /** @param {ts.Node} node */
  function visit(node) {
    const children = node.getChildren(source);
    if (children.length === 0) findInTrivia(node);
    if (strings && isText(node) && /\s/.test(node.text)) {
      found.push(...findWords(node.getText(source), starts, node.getStart(source)));
    }
    findRepeatedName(node);
    for (const child of children) if (!ts.isJSDoc(child)) visit(child);
  }

  /** @param {ts.Node} token */
  function findInTrivia(token) {
    const at = token.getFullStart();
    const ranges = [ts.getTrailingCommentRanges(text, at), ts.getLeadingCommentRanges(text, at)];
    for (const { pos, end } of ranges.flatMap((comments) => comments ?? [])) {
      // An empty list of nodes has the same trivia as the token behind it.
      if (!read.has(pos)) findInComment(pos, end);
      read.add(pos);
    }
  }

  /**
   * @param {number} pos
   * @param {number} end
   */
  function findInComment(pos, end) {
    const comment = text.slice(pos, end);
    found.push(...findWords(comment.replace(/`[^`\n]*`/g, blank), starts, pos), ...findWideLines(pos, end));
    const [opening] = comment.startsWith("/**") ? (WITHOUT_SUBJECT.exec(proseOf(comment)) ?? []) : [];
    if (opening === undefined) return;
    found.push({ line: lineAt(starts, pos), problem: `the comment begins with "${opening}": begin with a subject` });
  }

  /**
   * @param {number} pos
   * @param {number} end
   */
  function findWideLines(pos, end) {
    /** @type {Finding[]} */
    const wide = [];
    let inCode = false;
    for (let line = lineAt(starts, pos); line <= lineAt(starts, end); line++) {
      const stop = Math.min(end, (starts[line] ?? text.length + 1) - 1);
      const width = stop - /** @type {number} */ (starts[line - 1]);
      const written = text.slice(starts[line - 1], stop);
      if (/^\s*\* ```/.test(written)) inCode = !inCode;
      if (width > WIDEST_COMMENT && !inCode && !/https?:|biome-ignore|@type|@param|@returns/.test(written)) {
        wide.push({ line, problem: `the comment reaches column ${width}: at most ${WIDEST_COMMENT}` });
      }
    }
    return wide;
  }

  /** @param {ts.Node} node */
  function findRepeatedName(node) {
    const doc = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
    const name = ts.isVariableStatement(node)
      ? node.declarationList.declarations[0]?.name
      : ts.getNameOfDeclaration(asDeclaration(node));
    if (!doc || !name || doc.parent !== node || doc.tags) return;
    const known = new Set([...FILLERS, ...wordsOf(name.getText(source))]);
    const said = wordsOf(proseOf(doc.getText(source)));
    if (said.length > 0 && said.every((word) => known.has(word))) {
      found.push({
        line: lineAt(starts, doc.getStart(source)),
        problem: `the comment only repeats the name "${name.getText(source)}": delete it`,
      });
    }
  }
}

/** @param {ts.Node} node */
function asDeclaration(node) {
  return /** @type {ts.Declaration} */ (node);
}

/** @param {ts.Node} node @returns {node is ts.LiteralLikeNode} */
function isText(node) {
  return ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node);
}

/** @param {string} comment */
function proseOf(comment) {
  return comment.replace(/^\/\*\*|\*\/$|^\s*\*/gm, "").trim();
}

/** @param {string} text */
function wordsOf(text) {
  const apart = text.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  return apart.match(/[a-z\d]+/g) ?? [];
}

/**
 * @param {string} text
 * @param {readonly number[]} starts where the lines of the whole file begin
 * @param {number} offset where `text` begins in the file
 * @returns {Finding[]}
 */
function findWords(text, starts, offset) {
  return WORDS.flatMap(([pattern, better]) =>
    [...text.matchAll(pattern)].map((match) => ({
      line: lineAt(starts, offset + match.index),
      problem: `"${match[0].trim()}": better ${better}`,
    })),
  );
}

/** @param {string} text */
function lineStartsOf(text) {
  return [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
}

/**
 * @param {readonly number[]} starts
 * @param {number} offset
 */
function lineAt(starts, offset) {
  return starts.findLastIndex((start) => start <= offset) + 1;
}

/** @param {string} text */
function blank(text) {
  return text.replace(/[^\n]/g, " ");
}
