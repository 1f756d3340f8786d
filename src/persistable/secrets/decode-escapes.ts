/**
 * A text in which some escapes are decoded. For each of its characters, `starts` and `ends` say
 * where the part of the original begins and ends for which it stands.
 */
export interface EscapeView {
  readonly text: string;
  /** Undefined if this is the original itself. */
  readonly starts: readonly number[] | undefined;
  readonly ends: readonly number[] | undefined;
}

/**
 * A text that is escaped several times over has several views. Of a text longer than
 * `MAX_DEEP_LENGTH`, only those views are made that undo one kind of escape once.
 */
const MAX_VIEWS = 24;
const MAX_DEEP_LENGTH = 256 * 1024;

/**
 * Returns the text itself and, if URLs, JSON, JavaScript or HTML have escaped it, the decoded
 * texts, also where one kind of escape is inside another.
 */
export function viewsOf(text: string): readonly EscapeView[] {
  const views: EscapeView[] = [{ text, starts: undefined, ends: undefined }];
  const seen = new Set([text]);
  const most = text.length > MAX_DEEP_LENGTH ? 1 : MAX_VIEWS;
  // This loop also visits the views that it adds.
  for (const [index, view] of views.entries()) {
    if (index === most) break;
    for (const kind of ESCAPES) {
      const decoded = decode(view, kind);
      if (decoded === undefined || seen.has(decoded.text)) continue;
      seen.add(decoded.text);
      views.push(decoded);
    }
  }
  return views;
}

interface Escape {
  /** A character that every text with such an escape contains. */
  readonly sign: string;
  readonly pattern: RegExp;
  readonly decode: (escaped: string) => string;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  0: "\0",
};
const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", amp: "&", lt: "<", gt: ">", nbsp: "\u00a0" };

const ESCAPES: readonly Escape[] = [
  {
    sign: "%",
    // The pattern matches one character of UTF-8, in one to four bytes.
    pattern: /%(?:[0-7][\da-f]|[cd][\da-f]%[89ab][\da-f]|e[\da-f](?:%[89ab][\da-f]){2}|f[0-7](?:%[89ab][\da-f]){3})/gi,
    decode: (escaped) => Buffer.from(escaped.replaceAll("%", ""), "hex").toString(),
  },
  {
    sign: "\\",
    pattern: /\\(?:u[\da-f]{4}|u\{[\da-f]{1,6}\}|x[\da-f]{2}|[^ux])/gi,
    decode: (escaped) =>
      escaped.length === 2
        ? (SHORT_ESCAPES[escaped.charAt(1)] ?? escaped.charAt(1))
        : fromCode(Number.parseInt(escaped.replaceAll(/[\\ux{}]/gi, ""), 16)),
  },
  {
    sign: "&",
    pattern: /&(?:#\d{1,7}|#x[\da-f]{1,6}|quot|apos|amp|lt|gt|nbsp);/gi,
    decode: (escaped) => {
      const name = escaped.slice(1, -1).toLowerCase();
      if (!name.startsWith("#")) return ENTITIES[name] ?? escaped;
      return fromCode(name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
    },
  },
];

function fromCode(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

function decode(view: EscapeView, { sign, pattern, decode: decodeOne }: Escape): EscapeView | undefined {
  const { text } = view;
  if (!text.includes(sign)) return undefined;
  const parts: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let from = 0;
  const keepUntil = (until: number): void => {
    parts.push(text.slice(from, until));
    for (let i = from; i < until; i++) {
      starts.push(startOf(view, i));
      ends.push(endOf(view, i));
    }
  };
  for (const { 0: escaped, index } of text.matchAll(pattern)) {
    keepUntil(index);
    from = index + escaped.length;
    const decoded = decodeOne(escaped);
    parts.push(decoded);
    for (let i = 0; i < decoded.length; i++) {
      starts.push(startOf(view, index));
      ends.push(endOf(view, from - 1));
    }
  }
  if (from === 0) return undefined;
  keepUntil(text.length);
  return { text: parts.join(""), starts, ends };
}

/** Returns where the character at a place in a view begins in the original text. */
export function startOf({ starts }: EscapeView, place: number): number {
  return starts?.[place] ?? place;
}

/** Returns where the character at a place in a view ends in the original text. */
export function endOf({ ends }: EscapeView, place: number): number {
  return ends?.[place] ?? place + 1;
}
